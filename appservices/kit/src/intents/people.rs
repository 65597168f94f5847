//! What a user of ours reads of people and shows of itself: names, pictures, account data, when somebody is busy.

use http::Method;
use ruma::UserId;
use serde_json::{Value, json};

use super::{Intent, found};
use crate::{
    PREFIX,
    wire::{Call, CallError},
};

impl Intent {
    /// The name that a person shows; none where there is none.
    ///
    /// # Errors
    /// See [`CallError`].
    pub async fn display_name(&self, user: &UserId) -> Result<Option<String>, CallError> {
        let path = ["client", "v3", "profile", user.as_str(), "displayname"];
        let profile = found(self.wire.call(&self.user, Call::new(Method::GET, &path)).await)?;
        Ok(profile.and_then(|profile| profile["displayname"].as_str().map(ToOwned::to_owned)))
    }

    /// Whether the homeserver knows somebody of this name.
    ///
    /// # Errors
    /// See [`CallError`].
    pub async fn has_profile(&self, user: &UserId) -> Result<bool, CallError> {
        let path = ["client", "v3", "profile", user.as_str()];
        Ok(found(self.wire.call(&self.user, Call::new(Method::GET, &path)).await)?.is_some())
    }

    /// Takes another name.
    ///
    /// # Errors
    /// See [`CallError`].
    pub async fn set_display_name(&self, name: &str) -> Result<(), CallError> {
        let path = ["client", "v3", "profile", self.user.as_str(), "displayname"];
        let call = Call::new(Method::PUT, &path).json(json!({ "displayname": name }));
        self.wire.call(&self.user, call).await.map(drop)
    }

    /// Takes another picture, by its `mxc://…`.
    ///
    /// # Errors
    /// See [`CallError`].
    pub async fn set_avatar(&self, mxc: &str) -> Result<(), CallError> {
        let path = ["client", "v3", "profile", self.user.as_str(), "avatar_url"];
        let call = Call::new(Method::PUT, &path).json(json!({ "avatar_url": mxc }));
        self.wire.call(&self.user, call).await.map(drop)
    }

    /// What somebody of this server has in their account data under a type that is one of the registration's; none where there is
    /// nothing.
    ///
    /// # Errors
    /// See [`CallError`].
    pub async fn account_data(&self, of: &UserId, kind: &str) -> Result<Option<Value>, CallError> {
        let path = ["client", "v3", "user", of.as_str(), "account_data", kind];
        found(self.wire.call(&self.user, Call::new(Method::GET, &path)).await)
    }

    /// Writes it.
    ///
    /// # Errors
    /// See [`CallError`].
    pub async fn set_account_data(&self, of: &UserId, kind: &str, content: Value) -> Result<(), CallError> {
        let path = ["client", "v3", "user", of.as_str(), "account_data", kind];
        self.wire.call(&self.user, Call::new(Method::PUT, &path).json(content)).await.map(drop)
    }

    /// When somebody is busy between two moments, as their server tells `asker` of this server (MSC4496).
    ///
    /// # Errors
    /// See [`CallError`].
    pub async fn availability(
        &self,
        asker: &UserId,
        who: &UserId,
        (start, end): (&str, &str),
    ) -> Result<Value, CallError> {
        let path = ["client", "unstable", "org.matrix.msc4496", "user", who.as_str(), "availability"];
        let mut body = json!({ "range_start": start, "range_end": end });
        body[format!("{PREFIX}asker")] = json!(asker);
        self.wire.call(&self.user, Call::new(Method::POST, &path).json(body)).await
    }
}
