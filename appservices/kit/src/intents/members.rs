//! What a user of ours does with the members of a room: reading who they are, asking them in, removing them.

use http::Method;
use ruma::{OwnedUserId, RoomId, UserId};
use serde_json::{Value, json};

use super::Intent;
use crate::wire::{Call, CallError};

impl Intent {
    /// The joined members of a room.
    ///
    /// # Errors
    /// See [`CallError`].
    pub async fn joined_members(&self, room: &RoomId) -> Result<Vec<OwnedUserId>, CallError> {
        Ok(self.joined_names(room).await?.into_iter().map(|(user, _)| user).collect())
    }

    /// The joined members of a room with the names that they have there, where they have one.
    ///
    /// # Errors
    /// See [`CallError`].
    pub async fn joined_names(&self, room: &RoomId) -> Result<Vec<(OwnedUserId, Option<String>)>, CallError> {
        let path = ["client", "v3", "rooms", room.as_str(), "joined_members"];
        let answer = self.wire.call(&self.user, Call::new(Method::GET, &path)).await?;
        let named = |(user, member): (&String, &Value)| {
            let name = member["display_name"].as_str().map(ToOwned::to_owned);
            Some((UserId::parse(user).ok()?, name))
        };
        Ok(answer["joined"].as_object().into_iter().flatten().filter_map(named).collect())
    }

    /// Who is in a room or asked into it, and whether they are in.
    pub(crate) async fn members(&self, room: &RoomId) -> Result<Vec<(OwnedUserId, bool)>, CallError> {
        let mut call = Call::new(Method::GET, &["client", "v3", "rooms", room.as_str(), "members"]);
        call.query.push(("not_membership", "leave".to_owned()));
        let members = self.chunk(call).await?;
        let member = |event: &Value| {
            let user = UserId::parse(event["state_key"].as_str()?).ok()?;
            match event["content"]["membership"].as_str() {
                Some("join") => Some((user, true)),
                Some("invite") => Some((user, false)),
                Some(_) | None => None,
            }
        };
        Ok(members.iter().filter_map(member).collect())
    }

    /// Asks somebody into a room.
    ///
    /// # Errors
    /// See [`CallError`].
    pub async fn invite(&self, room: &RoomId, user: &str) -> Result<(), CallError> {
        let path = ["client", "v3", "rooms", room.as_str(), "invite"];
        self.wire
            .call(&self.user, Call::new(Method::POST, &path).json(json!({ "user_id": user })))
            .await
            .map(drop)
    }

    /// Removes somebody from a room.
    ///
    /// # Errors
    /// See [`CallError`].
    pub async fn kick(&self, room: &RoomId, user: &UserId) -> Result<(), CallError> {
        let path = ["client", "v3", "rooms", room.as_str(), "kick"];
        let call = Call::new(Method::POST, &path).json(json!({ "user_id": user }));
        self.wire.call(&self.user, call).await.map(drop)
    }
}
