//! Whom a user ignores, from the account data `m.ignored_user_list`.
//!
//! [Ignoring Users](https://spec.matrix.org/v1.19/client-server-api/#ignoring-users)

use std::{
    collections::{BTreeMap, HashSet},
    sync::Arc,
};

use ruma::{OwnedUserId, UserId};
use serde::{Deserialize, de::IgnoredAny};
use serde_json::value::RawValue;
use store::StoreError;

use crate::Accounts;

pub(crate) const IGNORED_USERS: &str = "m.ignored_user_list";

#[derive(Deserialize)]
struct Content {
    #[serde(default)]
    ignored_users: BTreeMap<String, IgnoredAny>,
}

impl Accounts {
    /// The users whom `user` ignores; never `user` themselves. From memory after the first time.
    pub async fn ignored_users(&self, user: &UserId) -> Result<Arc<HashSet<OwnedUserId>>, StoreError> {
        let load = async {
            let content = self.stored_account_data(&self.0.store, user, None, IGNORED_USERS).await?;
            Ok(content.map(|content| parse(&content, user)).unwrap_or_default())
        };
        self.0.ignored.get_or_load(&self.0.store, user, load).await
    }
}

/// A list of the wrong form ignores nobody: it is the client's data, and it was accepted as such.
fn parse(content: &RawValue, user: &UserId) -> HashSet<OwnedUserId> {
    let Ok(content) = serde_json::from_str::<Content>(content.get()) else { return HashSet::new() };
    content
        .ignored_users
        .into_keys()
        .filter_map(|id| UserId::parse(id).ok())
        .filter(|ignored| ignored != user)
        .collect()
}
