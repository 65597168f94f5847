//! How many one-time keys a device has left, and which of its fallback keys were never given out.

use std::{collections::BTreeMap, sync::Arc};

use model::StreamPos;
use moka::sync::Cache;
use ruma::{DeviceId, OwnedDeviceId, OwnedUserId, UserId};
use store::{Batch, Reader, Scan, StoreError};

use crate::{
    Keys,
    limits::{COUNTS_REMEMBERED_MAX, ONE_TIME_KEYS_PER_DEVICE_MAX},
    tables::{FALLBACK_KEY, KEY_COUNT_CHANGE, ONE_TIME_KEY},
};

/// The algorithm whose count clients always want to see, even when it is zero.
const SIGNED_CURVE25519: &str = "signed_curve25519";

/// Key counts of one device.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct KeyCounts {
    /// One-time keys left by algorithm. Always names `signed_curve25519`.
    pub one_time: BTreeMap<String, u64>,
    /// Algorithms of the fallback keys that were not given out yet.
    pub unused_fallback: Vec<String>,
    /// Position of the last change, zero for a device that never had keys.
    pub changed: StreamPos,
}

/// Counts by device, each true for as long as the device's row in [`KEY_COUNT_CHANGE`] says the same position.
pub(crate) struct CountsCache {
    counts: Cache<(OwnedUserId, OwnedDeviceId), Arc<KeyCounts>>,
    none: Arc<KeyCounts>,
}

impl Default for CountsCache {
    fn default() -> Self {
        let none = KeyCounts { one_time: no_keys(), unused_fallback: Vec::new(), changed: StreamPos::new(0) };
        Self { counts: Cache::new(COUNTS_REMEMBERED_MAX), none: Arc::new(none) }
    }
}

impl Keys {
    /// The key counts of a device as `reader` sees them. Costs one point read when nothing changed.
    ///
    /// # Errors
    /// Whatever the store answers.
    pub async fn key_counts(
        &self,
        reader: &Reader,
        user: &UserId,
        device: &DeviceId,
    ) -> Result<Arc<KeyCounts>, StoreError> {
        let key = (user.to_owned(), device.to_owned());
        let Some(changed) = reader.get(&KEY_COUNT_CHANGE, &key).await? else {
            return Ok(self.0.counts.none.clone());
        };
        if let Some(counts) = self.0.counts.counts.get(&key).filter(|counts| counts.changed == changed) {
            return Ok(counts);
        }
        let mut one_time = no_keys();
        let scan = Scan::prefix(&key).limit(ONE_TIME_KEYS_PER_DEVICE_MAX);
        for ((_, _, algorithm, _), _) in reader.scan(&ONE_TIME_KEY, scan).await? {
            *one_time.entry(algorithm).or_default() += 1;
        }
        let fallback = reader.scan(&FALLBACK_KEY, Scan::prefix(&key)).await?;
        let unused = fallback.into_iter().filter(|(_, key)| !key.used);
        let unused_fallback = unused.map(|((_, _, algorithm), _)| algorithm).collect();
        let counts = Arc::new(KeyCounts { one_time, unused_fallback, changed });
        self.0.counts.counts.insert(key, counts.clone());
        Ok(counts)
    }

    /// Writes into the batch that a device's one-time or fallback keys changed.
    pub fn mark_key_counts(&self, batch: &mut Batch, user: &UserId, device: &DeviceId) {
        let position = batch.position();
        batch.put(&KEY_COUNT_CHANGE, &(user.to_owned(), device.to_owned()), &position);
    }
}

fn no_keys() -> BTreeMap<String, u64> {
    BTreeMap::from([(SIGNED_CURVE25519.to_owned(), 0)])
}
