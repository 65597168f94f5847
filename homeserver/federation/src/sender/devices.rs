//! Announcements of devices: `m.device_list_update` and `m.signing_key_update`.
//!
//! `keys` says whose devices changed; which of them is found by comparing with what was announced before. Each
//! announcement has a number, and names the one before it, so that a server which missed one asks for the whole list.
//! See <https://spec.matrix.org/v1.19/server-server-api/#device-management>.

use std::collections::BTreeMap;

use bytes::Bytes;
use keys::PublishedKeys;
use model::StreamPos;
use ruma::{OwnedServerName, OwnedUserId, UserId};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};
use store::{Reader, Snapshot, StoreError};

use super::limits::DEVICES_ANNOUNCED_MAX;
use super::queues::Harvest;
use super::tables::{ANNOUNCED_DEVICES, AnnouncedRow, LAST_ANNOUNCEMENT};
use super::{Sender, SenderError};

/// What the batch in the making tells of devices: no snapshot shows it yet.
#[derive(Default)]
pub(super) struct Announced {
    rows: BTreeMap<OwnedUserId, AnnouncedRow>,
    last: BTreeMap<(OwnedServerName, OwnedUserId), u64>,
}

/// A user's devices and keys as other servers may see them.
struct Present {
    /// Name and identity keys by device.
    devices: BTreeMap<String, (Option<String>, Option<String>)>,
    keys: PublishedKeys,
}

impl Sender {
    /// The number of the last announcement of this user's devices; what an answer with the whole list says.
    ///
    /// # Errors
    /// Whatever the store answers.
    pub async fn device_stream_id(&self, reader: &Reader, user: &UserId) -> Result<u64, StoreError> {
        Ok(reader.get(&ANNOUNCED_DEVICES, user).await?.map_or(0, |row| row.stream_id))
    }

    /// Tells the servers that share a room with the user what changed.
    pub(super) async fn announce_devices(
        &self,
        snapshot: &Snapshot,
        user: &UserId,
        position: StreamPos,
        harvest: &mut Harvest,
    ) -> Result<(), SenderError> {
        let servers = self.servers_with(user).await?;
        if servers.is_empty() {
            return Ok(());
        }
        let before = announced(snapshot, user, harvest).await?;
        let present = self.present(snapshot, user).await?;
        let mut now = AnnouncedRow { stream_id: before.stream_id, ..AnnouncedRow::default() };
        let mut last = last_announcements(snapshot, user, &servers, harvest).await?;
        let mut updates = Vec::new();
        for (device, (name, keys)) in &present.devices {
            let digest = digest(&[name.as_deref(), keys.as_deref()]);
            if before.devices.get(device) != Some(&digest) {
                updates.push(self.update(user, device, (name.as_deref(), keys.as_deref())));
            }
            now.devices.insert(device.clone(), digest);
        }
        for device in before.devices.keys().filter(|device| !present.devices.contains_key(*device)) {
            updates.push(json!({ "user_id": user, "device_id": device, "deleted": true }));
        }
        for mut update in updates {
            now.stream_id += 1;
            update["stream_id"] = now.stream_id.into();
            for (server, previous) in &mut last {
                let previous = previous.replace(now.stream_id);
                update["prev_id"] = previous.into_iter().collect();
                self.queue_edu(server, position, edu("m.device_list_update", &update), harvest);
            }
        }
        now.cross_signing = digest(&[present.keys.master.as_deref(), present.keys.self_signing.as_deref()]);
        let has_keys = present.keys.master.is_some() || !before.cross_signing.is_empty();
        if has_keys && now.cross_signing != before.cross_signing {
            let content = signing_keys(user, &present.keys);
            for server in &servers {
                self.queue_edu(server, position, edu("m.signing_key_update", &content), harvest);
            }
        }
        for (server, previous) in last {
            if let Some(previous) = previous {
                harvest.told(server, user, previous);
            }
        }
        harvest.announced(user, now);
        Ok(())
    }

    /// Servers that know nothing of a user's devices, or not the last, get one announcement without predecessor, which
    /// makes them ask for the list. `only_with_keys` where it is hearsay that they have to know: then there is nothing to
    /// ask about devices without keys until they upload some, and that is announced.
    pub(super) async fn introduce_devices(
        &self,
        snapshot: &Snapshot,
        user: &UserId,
        (servers, only_with_keys): (&[OwnedServerName], bool),
        position: StreamPos,
        harvest: &mut Harvest,
    ) -> Result<(), SenderError> {
        if servers.is_empty() {
            return Ok(());
        }
        let mut row = announced(snapshot, user, harvest).await?;
        let last = last_announcements(snapshot, user, servers, harvest).await?;
        let current = Some(row.stream_id).filter(|stream_id| *stream_id > 0);
        let strangers: Vec<_> =
            last.into_iter().filter(|(_, last)| last.is_none() || *last != current).collect();
        let present = self.present(snapshot, user).await?;
        let mut worth_telling =
            present.devices.iter().filter(|(_, (_, keys))| keys.is_some() || !only_with_keys);
        let Some((device, (name, keys))) = worth_telling.next().filter(|_| !strangers.is_empty()) else {
            return Ok(());
        };
        row.stream_id += 1;
        let mut update = self.update(user, device, (name.as_deref(), keys.as_deref()));
        update["stream_id"] = row.stream_id.into();
        update["prev_id"] = json!([]);
        for (server, _) in strangers {
            self.queue_edu(&server, position, edu("m.device_list_update", &update), harvest);
            harvest.told(server, user, row.stream_id);
        }
        harvest.announced(user, row);
        Ok(())
    }

    /// A new name is announced even if it is not told.
    fn update(&self, user: &UserId, device: &str, (name, keys): (Option<&str>, Option<&str>)) -> Value {
        let mut update = json!({ "user_id": user, "device_id": device });
        if let Some(name) = name.filter(|_| self.0.parts.device_names_shared) {
            update["device_display_name"] = name.into();
        }
        if let Some(keys) = keys.and_then(|keys| serde_json::from_str(keys).ok()) {
            update["keys"] = keys;
        }
        update
    }

    async fn present(&self, reader: &Reader, user: &UserId) -> Result<Present, SenderError> {
        let parts = &self.0.parts;
        let mut names = BTreeMap::new();
        for device in parts.accounts.devices(reader, user).await?.into_iter().take(DEVICES_ANNOUNCED_MAX) {
            names.insert(device.id, device.display_name);
        }
        let unnamed = names.keys().map(|device| (device.clone(), None)).collect();
        let keys = parts.keys.published(reader, None, user, &unnamed).await?;
        let devices = names
            .into_iter()
            .map(|(device, name)| (device.to_string(), (name, keys.devices.get(&device).cloned())))
            .collect();
        Ok(Present { devices, keys })
    }
}

impl Harvest {
    fn announced(&mut self, user: &UserId, row: AnnouncedRow) {
        self.batch.put(&ANNOUNCED_DEVICES, user, &row);
        self.announced.rows.insert(user.to_owned(), row);
    }

    fn told(&mut self, server: OwnedServerName, user: &UserId, stream_id: u64) {
        let key = (server, user.to_owned());
        self.batch.put(&LAST_ANNOUNCEMENT, &key, &stream_id);
        self.announced.last.insert(key, stream_id);
    }
}

/// What was told of a user's devices so far, in this batch too.
async fn announced(reader: &Reader, user: &UserId, harvest: &Harvest) -> Result<AnnouncedRow, StoreError> {
    match harvest.announced.rows.get(user) {
        Some(row) => Ok(row.clone()),
        None => Ok(reader.get(&ANNOUNCED_DEVICES, user).await?.unwrap_or_default()),
    }
}

/// What each server was told last of a user's devices, in this batch too.
async fn last_announcements(
    reader: &Reader,
    user: &UserId,
    servers: &[OwnedServerName],
    harvest: &Harvest,
) -> Result<Vec<(OwnedServerName, Option<u64>)>, StoreError> {
    let keys: Vec<_> = servers.iter().map(|server| (server.clone(), user.to_owned())).collect();
    let mut last = reader.multi_get(&LAST_ANNOUNCEMENT, &keys).await?;
    for (key, last) in keys.iter().zip(&mut last) {
        *last = harvest.announced.last.get(key).copied().or(*last);
    }
    Ok(servers.iter().cloned().zip(last).collect())
}

fn signing_keys(user: &UserId, keys: &PublishedKeys) -> Value {
    let mut content = json!({ "user_id": user });
    for (name, key) in [("master_key", &keys.master), ("self_signing_key", &keys.self_signing)] {
        if let Some(key) = key.as_deref().and_then(|key| serde_json::from_str::<Value>(key).ok()) {
            content[name] = key;
        }
    }
    content
}

fn edu(kind: &str, content: &Value) -> Bytes {
    Bytes::from(json!({ "edu_type": kind, "content": content }).to_string())
}

/// What identifies these texts together; nothing when there is none of them.
fn digest(texts: &[Option<&str>]) -> String {
    if texts.iter().all(Option::is_none) {
        return String::new();
    }
    let mut hash = Sha256::new();
    for text in texts {
        hash.update(text.map_or(u64::MAX, |text| text.len() as u64).to_be_bytes());
        hash.update(text.unwrap_or_default());
    }
    hash.finalize().iter().take(16).map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_digest_tells_texts_and_their_order_apart() {
        assert_eq!(digest(&[None, None]), "");
        let digests = [
            digest(&[Some("a"), None]),
            digest(&[None, Some("a")]),
            digest(&[Some("ab"), Some("")]),
            digest(&[Some("a"), Some("b")]),
        ];
        let different: std::collections::BTreeSet<_> = digests.iter().collect();
        assert_eq!(different.len(), digests.len());
    }
}
