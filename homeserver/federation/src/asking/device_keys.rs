//! Keys of devices and people of other servers. All servers are asked at once, and one that does not answer fails alone.

use std::collections::{BTreeMap, BTreeSet};

use futures_util::{StreamExt as _, stream};
use keys::{ClaimedKey, PublishedKeys};
use ruma::{
    OneTimeKeyAlgorithm, OwnedDeviceId, OwnedServerName, OwnedUserId, UserId,
    api::federation::{
        device::get_devices,
        keys::{claim_keys, get_keys},
    },
    serde::Raw,
};
use serde::Deserialize;

use crate::{
    ClientError, Federation, FederationError,
    client::Limits,
    device_lists::Fetched,
    limits::{KEYS_OF_USERS_TIME_MAX, LISTS_PER_QUESTION_MAX, SERVERS_ASKED_AT_ONCE},
};

/// What servers say about the keys of their users.
#[derive(Debug, Default)]
pub struct KeysByServer {
    /// Keys by user.
    pub users: Vec<(OwnedUserId, PublishedKeys)>,
    /// Servers that could not be asked.
    pub unreachable: BTreeSet<OwnedServerName>,
}

/// One-time keys that servers gave out.
#[derive(Debug, Default)]
pub struct ClaimedByServer {
    /// One key for each device that had any.
    pub claimed: Vec<ClaimedKey>,
    /// Servers that could not be asked.
    pub unreachable: BTreeSet<OwnedServerName>,
}

/// What one server is asked: devices by user.
type Wanted<T> = BTreeMap<OwnedServerName, BTreeMap<OwnedUserId, T>>;

impl Federation {
    /// The keys of users of other servers; an empty list of devices means all of them. Of users who share a room with one
    /// of ours the list of devices is kept, and nobody is asked while it is fresh.
    pub async fn keys_of(&self, wanted: BTreeMap<OwnedUserId, Vec<OwnedDeviceId>>) -> KeysByServer {
        let mut found = KeysByServer::default();
        let (mut elsewhere, mut to_fetch) = (BTreeMap::new(), BTreeMap::new());
        for (user, devices) in wanted {
            match self.shares_a_room(&user).await {
                Ok(true) => {
                    if let Some(keys) = self.kept(&user, &devices).await {
                        found.users.push((user, keys));
                    } else {
                        to_fetch.insert(user, devices);
                    }
                }
                Ok(false) => _ = elsewhere.insert(user, devices),
                Err(error) => {
                    tracing::warn!(%user, %error, "look whether a room is shared");
                    elsewhere.insert(user, devices);
                }
            }
        }
        self.fetch_for_question(to_fetch, &mut elsewhere, &mut found).await;
        self.ask_for_keys(elsewhere, &mut found).await;
        found
    }

    /// What is kept of a user and fresh.
    async fn kept(&self, user: &UserId, devices: &[OwnedDeviceId]) -> Option<PublishedKeys> {
        let parts = self.parts();
        parts.keys.kept_keys(&parts.store, user, devices).await.unwrap_or_else(|error| {
            tracing::warn!(%user, %error, "read a device list");
            None
        })
    }

    /// Fetches whole lists, a few from each server; who is left goes among those who are asked for.
    async fn fetch_for_question(
        &self,
        wanted: BTreeMap<OwnedUserId, Vec<OwnedDeviceId>>,
        elsewhere: &mut BTreeMap<OwnedUserId, Vec<OwnedDeviceId>>,
        found: &mut KeysByServer,
    ) {
        let (mut now, mut later) = (Vec::new(), Vec::new());
        for (_, users) in by_server(wanted) {
            let fits = users.len() <= LISTS_PER_QUESTION_MAX;
            for (user, devices) in users {
                if fits {
                    now.push((user, devices));
                } else {
                    later.push(user.clone());
                    elsewhere.insert(user, devices);
                }
            }
        }
        if let Err(error) = self.want_lists(&later).await {
            tracing::warn!(%error, "have device lists fetched");
        }
        let fetched = now.into_iter().map(|(user, devices)| async move {
            let outcome = self.fetch_list(&user).await;
            let keys = if outcome == Fetched::Kept { self.kept(&user, &devices).await } else { None };
            (user, devices, outcome, keys)
        });
        let mut fetched = stream::iter(fetched).buffer_unordered(SERVERS_ASKED_AT_ONCE);
        while let Some((user, devices, outcome, keys)) = fetched.next().await {
            match (outcome, keys) {
                (_, Some(keys)) => found.users.push((user, keys)),
                (Fetched::Unreachable, None) => _ = found.unreachable.insert(user.server_name().to_owned()),
                (Fetched::Kept | Fetched::Outdated | Fetched::Refused, None) => {
                    elsewhere.insert(user, devices);
                }
            }
        }
    }

    async fn ask_for_keys(
        &self,
        wanted: BTreeMap<OwnedUserId, Vec<OwnedDeviceId>>,
        found: &mut KeysByServer,
    ) {
        let asked = by_server(wanted).into_iter().map(|(server, users)| async move {
            let request = get_keys::v1::Request::new(users.clone());
            (server.clone(), users, self.client().send(&server, request, bounds()).await)
        });
        let mut answers = stream::iter(asked).buffer_unordered(SERVERS_ASKED_AT_ONCE);
        while let Some((server, users, answer)) = answers.next().await {
            match answer {
                Ok(answer) => found.users.extend(read_keys(users, answer)),
                Err(error) => note(&mut found.unreachable, server, &error),
            }
        }
    }

    /// Claims one-time keys of devices of other servers.
    pub async fn claim_of(
        &self,
        wanted: BTreeMap<OwnedUserId, BTreeMap<OwnedDeviceId, OneTimeKeyAlgorithm>>,
    ) -> ClaimedByServer {
        let asked = by_server(wanted).into_iter().map(|(server, users)| async move {
            let request = claim_keys::v1::Request::new(users.clone());
            (server.clone(), users, self.client().send(&server, request, bounds()).await)
        });
        let mut answers = stream::iter(asked).buffer_unordered(SERVERS_ASKED_AT_ONCE);
        let mut found = ClaimedByServer::default();
        while let Some((server, users, answer)) = answers.next().await {
            match answer {
                Ok(answer) => found.claimed.extend(read_claim(&users, answer)),
                Err(error) => note(&mut found.unreachable, server, &error),
            }
        }
        found
    }

    /// All devices of a user of another server with their keys, and the number of the last change, for those who
    /// follow a device list.
    ///
    /// # Errors
    /// [`FederationError::Client`], or [`FederationError::Invalid`] for an answer about somebody else.
    pub async fn devices_of(&self, user: &UserId) -> Result<get_devices::v1::Response, FederationError> {
        let request = get_devices::v1::Request::new(user.to_owned());
        let mut answer = self.client().send(user.server_name(), request, bounds()).await?;
        if answer.user_id != user {
            return Err(FederationError::Invalid("the answer is about another user".to_owned()));
        }
        answer.devices.retain(|device| is_of(&device.keys, user, Some(device.device_id.as_str())));
        answer.master_key = answer.master_key.filter(|key| is_of(key, user, None));
        answer.self_signing_key = answer.self_signing_key.filter(|key| is_of(key, user, None));
        Ok(answer)
    }
}

fn bounds() -> Limits {
    Limits::default().within(KEYS_OF_USERS_TIME_MAX)
}

fn by_server<T>(wanted: BTreeMap<OwnedUserId, T>) -> Wanted<T> {
    let mut servers = Wanted::<T>::new();
    for (user, devices) in wanted {
        servers.entry(user.server_name().to_owned()).or_default().insert(user, devices);
    }
    servers
}

fn note(unreachable: &mut BTreeSet<OwnedServerName>, server: OwnedServerName, error: &ClientError) {
    tracing::debug!(%server, %error, "keys not had");
    unreachable.insert(server);
}

/// Takes what was asked for and leaves the rest.
fn read_keys(
    wanted: BTreeMap<OwnedUserId, Vec<OwnedDeviceId>>,
    mut answer: get_keys::v1::Response,
) -> Vec<(OwnedUserId, PublishedKeys)> {
    let mut found = Vec::with_capacity(wanted.len());
    for (user, devices) in wanted {
        let mut keys = PublishedKeys::default();
        for (device, text) in answer.device_keys.remove(&user).unwrap_or_default() {
            let is_wanted = devices.is_empty() || devices.contains(&device);
            if is_wanted && is_of(&text, &user, Some(device.as_str())) {
                keys.devices.insert(device, text.json().get().to_owned());
            }
        }
        let master = answer.master_keys.remove(&user).filter(|key| is_of(key, &user, None));
        keys.master = master.map(|key| key.json().get().to_owned());
        let self_signing = answer.self_signing_keys.remove(&user).filter(|key| is_of(key, &user, None));
        keys.self_signing = self_signing.map(|key| key.json().get().to_owned());
        found.push((user, keys));
    }
    found
}

fn read_claim(
    wanted: &BTreeMap<OwnedUserId, BTreeMap<OwnedDeviceId, OneTimeKeyAlgorithm>>,
    answer: claim_keys::v1::Response,
) -> Vec<ClaimedKey> {
    let mut claimed = Vec::new();
    for (user, devices) in answer.one_time_keys {
        for (device, keys) in devices {
            let Some(algorithm) = wanted.get(&user).and_then(|devices| devices.get(&device)) else {
                continue;
            };
            let fits = keys.into_iter().find(|(id, _)| id.algorithm() == *algorithm);
            if let Some((id, key)) = fits {
                let (user, key) = (user.clone(), key.json().get().to_owned());
                claimed.push(ClaimedKey { user, device, id: id.to_string(), key });
            }
        }
    }
    claimed
}

/// Whether keys say that they are of this user, and of this device if one is named.
fn is_of<T>(keys: &Raw<T>, user: &UserId, device: Option<&str>) -> bool {
    #[derive(Deserialize)]
    struct Owner {
        user_id: OwnedUserId,
        device_id: Option<String>,
    }
    let Ok(owner) = serde_json::from_str::<Owner>(keys.json().get()) else { return false };
    owner.user_id == user && device.is_none_or(|device| owner.device_id.as_deref() == Some(device))
}

#[cfg(test)]
mod tests {
    use ruma::{device_id, user_id};
    use serde_json::{Value, json};

    use super::*;

    fn device(user: &str, device: &str) -> Value {
        json!({ "user_id": user, "device_id": device, "algorithms": [], "keys": {}, "signatures": {} })
    }

    #[test]
    fn t11_an_answer_about_others_or_without_form_is_left_out() {
        let answer: get_keys::v1::Response = {
            let raw = |value: Value| Raw::from_json(serde_json::value::to_raw_value(&value).unwrap());
            let devices = BTreeMap::from([
                (device_id!("GOOD").to_owned(), raw(device("@a:b.org", "GOOD"))),
                (device_id!("OTHER").to_owned(), raw(device("@a:b.org", "GOOD"))),
                (device_id!("FOREIGN").to_owned(), raw(device("@x:b.org", "FOREIGN"))),
                (device_id!("GARBAGE").to_owned(), raw(json!(7))),
            ]);
            let mut answer = get_keys::v1::Response::new(
                [
                    (user_id!("@a:b.org").to_owned(), devices),
                    (user_id!("@z:c.org").to_owned(), BTreeMap::new()),
                ]
                .into(),
            );
            answer.master_keys.insert(
                user_id!("@a:b.org").to_owned(),
                Raw::from_json(serde_json::value::to_raw_value(&json!({ "user_id": "@x:b.org" })).unwrap()),
            );
            answer
        };
        let wanted = BTreeMap::from([(user_id!("@a:b.org").to_owned(), vec![])]);
        let found = read_keys(wanted, answer);
        assert_eq!(found.len(), 1);
        assert_eq!(found[0].1.devices.keys().collect::<Vec<_>>(), ["GOOD"]);
        assert_eq!(found[0].1.master, None);
    }
}
