//! Looking up the keys of other people.

use std::collections::{BTreeMap, BTreeSet};

use keys::{KeysError, PublishedKeys, limits::USERS_PER_QUERY_MAX};
use ruma::{OwnedDeviceId, OwnedServerName, OwnedUserId, UserId};
use store::Reader;

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
        let mut elsewhere = BTreeMap::new();
        for (user, devices) in wanted {
            if !self.0.accounts.is_local(user) {
                elsewhere.insert(user.clone(), devices.clone());
                continue;
            }
            let mut names = self.0.accounts.device_names(&reader, user).await?;
            if !devices.is_empty() {
                names.retain(|device, _| devices.contains(device));
            }
            let keys = self.0.keys.published(&reader, Some(asker), user, &names).await?;
            answer.users.push((user.clone(), keys));
        }
        self.add_keys_of_services(wanted, &mut answer.users).await;
        if !elsewhere.is_empty() {
            let found = self.0.federation.keys_of(elsewhere).await;
            answer.unreachable = found.unreachable;
            for (user, keys) in found.users {
                let keys = self.0.keys.with_own_signatures(&reader, asker, &user, keys).await?;
                answer.users.push((user, keys));
            }
        }
        Ok(answer)
    }

    /// The keys of those of these users who are of this server, as other servers may see them; an empty list of devices
    /// means all of them.
    ///
    /// # Errors
    /// As [`Flows::query_keys`].
    pub async fn query_keys_for_peer(
        &self,
        wanted: &BTreeMap<OwnedUserId, Vec<OwnedDeviceId>>,
    ) -> Result<Vec<(OwnedUserId, PublishedKeys)>, FlowsError> {
        if wanted.len() > USERS_PER_QUERY_MAX {
            let (size, max) = (wanted.len(), USERS_PER_QUERY_MAX);
            return Err(KeysError::TooLarge { what: "users of a query", size, max }.into());
        }
        let reader = self.0.store.snapshot();
        let mut users = Vec::new();
        for (user, devices) in wanted.iter().filter(|(user, _)| self.0.accounts.is_local(user)) {
            users.push((user.clone(), self.published_keys(&reader, user, devices).await?));
        }
        self.add_keys_of_services(wanted, &mut users).await;
        Ok(users)
    }

    /// What a service says of its users' keys stands over what this server knows.
    async fn add_keys_of_services(
        &self,
        wanted: &BTreeMap<OwnedUserId, Vec<OwnedDeviceId>>,
        users: &mut [(OwnedUserId, PublishedKeys)],
    ) {
        let mut by_service = self.0.services.query_keys(wanted).await;
        for (user, keys) in users {
            let Some(told) = by_service.remove(user) else { continue };
            keys.devices.extend(told.devices);
            keys.master = told.master.or(keys.master.take());
            keys.self_signing = told.self_signing.or(keys.self_signing.take());
        }
    }

    /// The keys of a user of this server as other servers may see them; an empty list of devices means all of them.
    ///
    /// # Errors
    /// Whatever the store answers.
    pub async fn published_keys(
        &self,
        reader: &Reader,
        user: &UserId,
        devices: &[OwnedDeviceId],
    ) -> Result<PublishedKeys, FlowsError> {
        let mut names = self.device_names_for_peers(reader, user).await?;
        names.retain(|device, _| devices.is_empty() || devices.contains(device));
        Ok(self.0.keys.published(reader, None, user, &names).await?)
    }

    /// The devices of a user of this server, with their names if the operator lets other servers know them.
    ///
    /// # Errors
    /// Whatever the store answers.
    pub async fn device_names_for_peers(
        &self,
        reader: &Reader,
        user: &UserId,
    ) -> Result<BTreeMap<OwnedDeviceId, Option<String>>, FlowsError> {
        let mut names = self.0.accounts.device_names(reader, user).await?;
        if !self.0.federation.parts().settings.device_names_shared {
            names.values_mut().for_each(|name| *name = None);
        }
        Ok(names)
    }
}
