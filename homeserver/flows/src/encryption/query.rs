//! Looking up the keys of other people.

use std::collections::{BTreeMap, BTreeSet};

use keys::{KeysError, PublishedKeys, limits::USERS_PER_QUERY_MAX};
use ruma::{OwnedDeviceId, OwnedServerName, OwnedUserId, UserId};

use crate::{Flows, FlowsError};

/// What a query found.
#[derive(Debug, Default)]
pub struct QueryAnswer {
    /// Keys by user. A user who has none is there with none, known here or not: the answer does not tell who exists.
    pub users: Vec<(OwnedUserId, PublishedKeys)>,
    /// Servers that could not be asked.
    pub unreachable: BTreeSet<OwnedServerName>,
}

impl Flows {
    /// The keys of these users as `asker` may see them; an empty list of devices means all of them.
    ///
    /// # Errors
    /// [`KeysError::TooLarge`] for more users than [`USERS_PER_QUERY_MAX`].
    pub async fn query_keys(
        &self,
        asker: &UserId,
        wanted: &BTreeMap<OwnedUserId, Vec<OwnedDeviceId>>,
    ) -> Result<QueryAnswer, FlowsError> {
        if wanted.len() > USERS_PER_QUERY_MAX {
            let (size, max) = (wanted.len(), USERS_PER_QUERY_MAX);
            return Err(KeysError::TooLarge { what: "users of a query", size, max }.into());
        }
        let reader = self.0.store.snapshot();
        let mut answer = QueryAnswer::default();
        for (user, devices) in wanted {
            if !self.0.accounts.is_local(user) {
                answer.unreachable.insert(user.server_name().to_owned());
                continue;
            }
            let mut names = self.0.accounts.device_names(&reader, user).await?;
            if !devices.is_empty() {
                names.retain(|device, _| devices.contains(device));
            }
            let keys = self.0.keys.published(&reader, asker, user, &names).await?;
            answer.users.push((user.clone(), keys));
        }
        Ok(answer)
    }
}
