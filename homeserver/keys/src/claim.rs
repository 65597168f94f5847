//! Giving out one-time keys: each to one claimant, in the order of upload, then the fallback key.
//!
//! The batch that gives a key out demands that the key is still there, so no key is ever given out twice, whoever else
//! writes. Claims of this process also tell each other in memory which keys they are about to take: a storm of
//! claims for one device then fills one group commit instead of losing races one after the other.
//! <https://spec.matrix.org/v1.19/client-server-api/#post_matrixclientv3keysclaim>

use std::collections::HashSet;

use model::StreamPos;
use parking_lot::Mutex;
use ruma::{OwnedDeviceId, OwnedUserId};
use store::{Audience, Batch, Reader, Scan, StoreError};

use crate::{
    Keys, KeysError,
    limits::{
        CLAIM_TRIES_MAX, ISSUED_KEY_AGE_MS_MAX, ISSUED_KEYS_SWEPT_PER_CLAIMED, KEYS_PER_CLAIM_BATCH_MAX,
        KEYS_PER_CLAIM_MAX,
    },
    tables::{
        FALLBACK_KEY, FallbackKey, ISSUED_KEY, ISSUED_KEY_BY_AGE, ONE_TIME_KEY, ONE_TIME_KEY_BY_ID,
        OneTimeKey,
    },
    upload::digest_of,
};

/// Rows looked at in one step when the first ones are being taken by others.
const CANDIDATES_PER_STEP: usize = 64;

/// Somebody wants a key of this algorithm for this device.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct WantedKey {
    /// Whose device.
    pub user: OwnedUserId,
    /// The device.
    pub device: OwnedDeviceId,
    /// The algorithm.
    pub algorithm: String,
}

/// A key that was given out.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct ClaimedKey {
    /// Whose device.
    pub user: OwnedUserId,
    /// The device.
    pub device: OwnedDeviceId,
    /// `algorithm:id`.
    pub id: String,
    /// The key: canonical JSON.
    pub key: String,
}

/// A row of [`ONE_TIME_KEY`].
type Place = (OwnedUserId, OwnedDeviceId, String, StreamPos);

/// Keys that claims of this process are about to take.
#[derive(Default)]
pub(crate) struct Reservations(Mutex<HashSet<Place>>);

/// The reservations of one claim, given back when it is over.
struct Reserved<'a> {
    all: &'a Reservations,
    own: Vec<Place>,
}

impl Reserved<'_> {
    fn take(&mut self, place: &Place) -> bool {
        let free = self.all.0.lock().insert(place.clone());
        if free {
            self.own.push(place.clone());
        }
        free
    }
}

impl Drop for Reserved<'_> {
    fn drop(&mut self) {
        let mut all = self.all.0.lock();
        for place in &self.own {
            all.remove(place);
        }
    }
}

/// What one wanted key is answered with.
enum Choice {
    OneTime(Place, OneTimeKey),
    Fallback(FallbackKey),
}

impl Keys {
    /// Gives out one key for each wish that can be met. Answers when it is durable that nobody else gets them.
    ///
    /// # Errors
    /// [`KeysError::TooLarge`] for more wishes than [`KEYS_PER_CLAIM_MAX`].
    pub async fn claim(&self, wanted: &[WantedKey]) -> Result<Vec<ClaimedKey>, KeysError> {
        self.claim_from(wanted, true).await
    }

    /// As [`Keys::claim`], but no wish is met with a fallback key: somebody else is asked first.
    ///
    /// # Errors
    /// As [`Keys::claim`].
    pub async fn claim_one_time(&self, wanted: &[WantedKey]) -> Result<Vec<ClaimedKey>, KeysError> {
        self.claim_from(wanted, false).await
    }

    async fn claim_from(&self, wanted: &[WantedKey], fallback: bool) -> Result<Vec<ClaimedKey>, KeysError> {
        if wanted.len() > KEYS_PER_CLAIM_MAX {
            let (what, max) = ("keys of a claim", KEYS_PER_CLAIM_MAX);
            return Err(KeysError::TooLarge { what, size: wanted.len(), max });
        }
        let mut claimed = Vec::new();
        for chunk in wanted.chunks(KEYS_PER_CLAIM_BATCH_MAX) {
            claimed.extend(self.claim_chunk(chunk, fallback).await?);
        }
        metrics::counter!("lianqiao_one_time_keys_claimed_total").increment(claimed.len() as u64);
        Ok(claimed)
    }

    async fn claim_chunk(&self, wanted: &[WantedKey], fallback: bool) -> Result<Vec<ClaimedKey>, KeysError> {
        for _ in 0..CLAIM_TRIES_MAX {
            let mut reserved = Reserved { all: &self.0.reservations, own: Vec::new() };
            let mut batch = Batch::new();
            let mut claimed = Vec::new();
            for wish in wanted {
                if let Some(choice) = self.choose(&self.0.store, &mut reserved, wish, fallback).await? {
                    claimed.push(self.give_out(&mut batch, wish, choice));
                }
            }
            if batch.is_empty() {
                return Ok(claimed);
            }
            self.sweep_issued(&mut batch, claimed.len()).await?;
            if self.0.store.try_commit(batch).await?.is_some() {
                return Ok(claimed);
            }
        }
        Err(StoreError::Busy.into())
    }

    async fn choose(
        &self,
        reader: &Reader,
        reserved: &mut Reserved<'_>,
        wish: &WantedKey,
        fallback: bool,
    ) -> Result<Option<Choice>, StoreError> {
        let prefix = (wish.user.clone(), wish.device.clone(), wish.algorithm.clone());
        let mut after = None;
        loop {
            let mut scan = Scan::prefix(&prefix).limit(CANDIDATES_PER_STEP);
            if let Some(after) = &after {
                scan = scan.after(after);
            }
            let rows = reader.scan(&ONE_TIME_KEY, scan).await?;
            let full = rows.len() == CANDIDATES_PER_STEP;
            for (place, key) in rows {
                if reserved.take(&place) {
                    return Ok(Some(Choice::OneTime(place, key)));
                }
                after = Some(place);
            }
            if !full {
                break;
            }
        }
        if !fallback {
            return Ok(None);
        }
        Ok(reader.get(&FALLBACK_KEY, &prefix).await?.map(Choice::Fallback))
    }

    /// Writes into the batch that a key is taken.
    fn give_out(&self, batch: &mut Batch, wish: &WantedKey, choice: Choice) -> ClaimedKey {
        let (user, device) = (wish.user.clone(), wish.device.clone());
        let (id, key) = match choice {
            Choice::OneTime(place, row) => {
                let now_ms = self.0.clock.now_ms();
                let name = (user.clone(), device.clone(), wish.algorithm.clone(), row.id.clone());
                batch.expect_eq(&ONE_TIME_KEY, &place, &row);
                batch.delete(&ONE_TIME_KEY, &place);
                batch.delete(&ONE_TIME_KEY_BY_ID, &name);
                batch.put(&ISSUED_KEY, &name, &(now_ms, digest_of(&row.key)));
                let (user, device, algorithm, id) = name;
                batch.put(&ISSUED_KEY_BY_AGE, &(now_ms, user, device, algorithm, id), &());
                self.tell_counts(batch, wish);
                (row.id, row.key)
            }
            Choice::Fallback(row) => {
                let place = (user.clone(), device.clone(), wish.algorithm.clone());
                if !row.used {
                    batch.expect_eq(&FALLBACK_KEY, &place, &row);
                    batch.put(&FALLBACK_KEY, &place, &FallbackKey { used: true, ..row.clone() });
                    self.tell_counts(batch, wish);
                }
                (row.id, row.key)
            }
        };
        ClaimedKey { user, device, id: format!("{}:{id}", wish.algorithm), key }
    }

    fn tell_counts(&self, batch: &mut Batch, wish: &WantedKey) {
        self.mark_key_counts(batch, &wish.user, &wish.device);
        batch.announce(Audience::Device(wish.user.clone(), wish.device.clone()));
    }

    /// Forgets keys that were given out long ago: more than the claim adds, so that the table shrinks with age.
    async fn sweep_issued(&self, batch: &mut Batch, claimed: usize) -> Result<(), StoreError> {
        let horizon_ms = self.0.clock.now_ms().saturating_sub(ISSUED_KEY_AGE_MS_MAX);
        let scan = Scan::all().limit(claimed * ISSUED_KEYS_SWEPT_PER_CLAIMED);
        for aged in self.0.store.scan_keys(&ISSUED_KEY_BY_AGE, scan).await? {
            if aged.0 >= horizon_ms {
                break;
            }
            batch.delete(&ISSUED_KEY_BY_AGE, &aged);
            let (_, user, device, algorithm, id) = aged;
            batch.delete(&ISSUED_KEY, &(user, device, algorithm, id));
        }
        Ok(())
    }
}
