//! What a transaction says of keys: messages to the bots' devices, whose devices changed, how many keys are left.
//!
//! All of it is durable before the transaction is acknowledged. After a crash in between the homeserver repeats it; the
//! library knows the messages that it has read, and whatever waited for their keys is looked at again at the start.

use std::collections::BTreeMap;

use library_ruma::{
    OneTimeKeyAlgorithm, OwnedUserId, UInt, api::client::sync::sync_events::DeviceLists,
    events::AnyToDeviceEvent, serde::Raw,
};
use matrix_sdk_crypto::{DecryptionSettings, EncryptionSyncChanges, OlmMachine, TrustRequirement};
use ruma::{DeviceId, OwnedRoomId, RoomId, UserId};
use serde::Deserialize;
use serde_json::{Value, value::RawValue};
use store::StoreError;

use super::{fault::CryptoFault, keyring::Keyring};
use crate::{
    Kit,
    limits::{CHANGED_USERS_MAX, TRANSACTION_TO_DEVICE_MAX},
};

/// Whom bots believe: who a person is, their homeserver says. Whether their devices are signed is theirs to see to.
pub(super) const TRUST: DecryptionSettings =
    DecryptionSettings { sender_device_trust_requirement: TrustRequirement::Untrusted };

/// The parts of a transaction that concern keys.
#[derive(Default, Deserialize)]
pub(crate) struct KeyNews {
    #[serde(default)]
    to_device: Vec<Box<RawValue>>,
    #[serde(default, rename = "org.matrix.msc3202.device_lists")]
    device_lists: Lists,
    /// User, device and algorithm → keys left. Whoever is not in it has as many as before.
    #[serde(default, rename = "org.matrix.msc3202.device_one_time_keys_count")]
    one_time: Value,
    #[serde(default, rename = "org.matrix.msc3202.device_unused_fallback_key_types")]
    fallback: Value,
}

#[derive(Default, Deserialize)]
struct Lists {
    #[serde(default)]
    changed: Vec<String>,
}

#[derive(Deserialize)]
struct Address {
    to_user_id: String,
    to_device_id: String,
}

/// A session of a room whose key came.
pub(crate) type Session = (&'static str, OwnedRoomId, String);

impl KeyNews {
    /// Whether there is nothing in it.
    pub fn is_empty(&self) -> bool {
        self.to_device.is_empty()
            && self.device_lists.changed.is_empty()
            && self.one_time.is_null()
            && self.fallback.is_null()
    }

    pub fn is_too_much(&self) -> bool {
        self.to_device.len() > TRANSACTION_TO_DEVICE_MAX
    }

    fn messages(&self, user: &UserId, device: &DeviceId) -> Vec<Raw<AnyToDeviceEvent>> {
        let is_to = |message: &RawValue| {
            let address = serde_json::from_str::<Address>(message.get());
            address.is_ok_and(|to| to.to_user_id == user.as_str() && to.to_device_id == device.as_str())
        };
        self.to_device.iter().filter(|message| is_to(message)).cloned().map(Raw::from_json).collect()
    }

    fn count(&self, user: &UserId, device: &DeviceId) -> Option<&Value> {
        let left = &self.one_time[user.as_str()][device.as_str()];
        (!left.is_null()).then_some(left)
    }
}

impl Kit {
    /// Takes what concerns keys; the sessions that can be read since.
    ///
    /// # Errors
    /// When the store refuses: the transaction has to come again.
    pub(crate) async fn receive_keys(&self, news: &KeyNews) -> Result<Vec<Session>, StoreError> {
        let mut came = Vec::new();
        if news.is_empty() {
            return Ok(came);
        }
        for keyring in &self.0.keyrings {
            let Some(user) = self.user(keyring.bot) else { continue };
            let outcome = async {
                let Some(machine) = keyring.open().await? else { return Ok(Vec::new()) };
                received(&machine, user, keyring, news).await
            };
            match keyring.used(Box::pin(outcome).await).await {
                Ok(sessions) => came.extend(sessions),
                Err(CryptoFault::Store(error)) => return Err(error),
                // The homeserver would send it for ever.
                Err(error) => {
                    tracing::error!(%error, bot = keyring.bot, "keys of a transaction cannot be read")
                }
            }
            keyring.news.notify_one();
        }
        Ok(came)
    }
}

async fn received(
    machine: &OlmMachine,
    user: &UserId,
    keyring: &Keyring,
    news: &KeyNews,
) -> Result<Vec<Session>, CryptoFault> {
    let device: &DeviceId = machine.device_id().as_str().into();
    let mut lists = DeviceLists::default();
    if news.device_lists.changed.len() > CHANGED_USERS_MAX {
        machine.mark_all_tracked_users_as_dirty().await?;
    } else {
        lists.changed = news
            .device_lists
            .changed
            .iter()
            .filter_map(|user| OwnedUserId::try_from(user.as_str()).ok())
            .collect();
    }
    let counts: BTreeMap<OneTimeKeyAlgorithm, UInt> = match news.count(user, device) {
        // One that is not named has none left.
        Some(left) => {
            let left = left[OneTimeKeyAlgorithm::SignedCurve25519.as_ref()].as_u64().unwrap_or_default();
            [(OneTimeKeyAlgorithm::SignedCurve25519, UInt::try_from(left).unwrap_or_default())].into()
        }
        None => BTreeMap::new(),
    };
    let unused = news.fallback[user.as_str()][device.as_str()].as_array().map(|kinds| {
        let kinds = kinds.iter().filter_map(Value::as_str);
        kinds.map(OneTimeKeyAlgorithm::from).collect::<Vec<_>>()
    });
    let changes = EncryptionSyncChanges {
        to_device_events: news.messages(user, device),
        changed_devices: &lists,
        one_time_keys_counts: &counts,
        unused_fallback_keys: unused.as_deref(),
        next_batch_token: None,
    };
    let (_, keys) = Box::pin(machine.receive_sync_changes(changes, &TRUST)).await?;
    let sessions = keys.into_iter().filter_map(|key| {
        let room = RoomId::parse(key.room_id.as_str()).ok()?;
        Some((keyring.bot, room, key.session_id))
    });
    Ok(sessions.collect())
}
