//! The seal of a link: HMAC-SHA-256 over all that the link says, with a key that never leaves the store. And until when it is good.

use base::Rng;
use hmac::{Hmac, KeyInit as _, Mac as _};
use serde::Serialize;
use sha2::Sha256;
use store::{Batch, Store, StoreError};

use crate::{
    limits::{DAY_MS, LINK_DAYS},
    names::hex,
    tables::LINK_KEYS,
};

/// For what the key is.
const FILES: &str = "files";

/// What a link says.
#[derive(Serialize)]
pub(super) struct Sealed<'a> {
    pub until_ms: u64,
    pub server: &'a str,
    pub id: &'a str,
    pub name: &'a str,
}

/// The key of the seals.
pub(crate) struct LinkKey([u8; 32]);

impl LinkKey {
    /// The key in the store, made at the first start.
    ///
    /// # Errors
    /// When the store cannot be read or written.
    pub async fn load(store: &Store, rng: &Rng) -> Result<Self, StoreError> {
        if let Some(key) = store.get(&LINK_KEYS, FILES).await? {
            return Ok(Self(key));
        }
        let mut key = [0; 32];
        rng.fill(&mut key);
        let mut batch = Batch::new();
        batch.put(&LINK_KEYS, FILES, &key);
        store.commit(batch).await?;
        Ok(Self(key))
    }

    /// The seal of a link.
    pub(super) fn seal(&self, sealed: &Sealed<'_>) -> Option<String> {
        Some(hex(&self.over(sealed)?.finalize().into_bytes()))
    }

    /// Whether this is the seal of a link; compared in the same time whatever it is.
    pub(super) fn is_sealed(&self, sealed: &Sealed<'_>, seal: &str) -> bool {
        let (Some(mac), Some(seal)) = (self.over(sealed), bytes(seal)) else { return false };
        mac.verify_slice(&seal).is_ok()
    }

    /// Each part stands apart from the next one, so that none can take from its neighbour.
    fn over(&self, sealed: &Sealed<'_>) -> Option<Hmac<Sha256>> {
        let mut mac = Hmac::<Sha256>::new_from_slice(&self.0).ok()?;
        mac.update(&serde_json::to_vec(sealed).ok()?);
        Some(mac)
    }
}

/// When a link ends whose message was received at `received_ms`, both in milliseconds since the Unix epoch: the same for all that is
/// tried within a day, and in more than one day less than [`LINK_DAYS`].
pub(super) const fn ends_at(received_ms: u64, now_ms: u64) -> u64 {
    let days_waited = now_ms.saturating_sub(received_ms) / DAY_MS;
    received_ms.saturating_add(days_waited.saturating_add(LINK_DAYS).saturating_mul(DAY_MS))
}

/// The bytes of a seal. In small letters alone: under these it is kept for which message a link stands.
fn bytes(seal: &str) -> Option<Vec<u8>> {
    if seal.len() != 64 || !seal.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f')) {
        return None;
    }
    let pairs = (0..seal.len()).step_by(2);
    pairs.map(|at| u8::from_str_radix(seal.get(at..at + 2)?, 16).ok()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_seal_is_for_one_link_alone() {
        let key = LinkKey([7; 32]);
        let link = || Sealed { until_ms: 5, server: "test", id: "ab", name: "c.pdf" };
        let seal = key.seal(&link()).expect("a seal");
        assert!(key.is_sealed(&link(), &seal));
        assert!(!LinkKey([8; 32]).is_sealed(&link(), &seal), "another key");
        for other in [
            Sealed { until_ms: 6, ..link() },
            Sealed { server: "other", ..link() },
            Sealed { id: "abc", name: ".pdf", ..link() },
            Sealed { id: "b", ..link() },
            Sealed { name: "c.exe", ..link() },
        ] {
            assert!(!key.is_sealed(&other, &seal));
        }
        let loud = seal.to_uppercase();
        for wrong in ["", "zz", &seal[2..], &format!("{seal}00"), &"é".repeat(32), &"0".repeat(64), &loud] {
            assert!(!key.is_sealed(&link(), wrong), "{wrong}");
        }
    }

    #[test]
    fn a_link_ends_at_the_same_time_for_every_try_of_a_day_and_never_too_soon() {
        let received_ms = 20_000 * DAY_MS + 5;
        let end_ms = received_ms + LINK_DAYS * DAY_MS;
        for (waited_ms, expected_ms) in [
            (0, end_ms),
            (1, end_ms),
            (DAY_MS - 1, end_ms),
            (DAY_MS, end_ms + DAY_MS),
            (30 * DAY_MS + 1, end_ms + 30 * DAY_MS),
        ] {
            let now_ms = received_ms + waited_ms;
            assert_eq!(ends_at(received_ms, now_ms), expected_ms, "{waited_ms}");
            assert!(expected_ms > now_ms + (LINK_DAYS - 1) * DAY_MS, "{waited_ms}");
        }
        assert_eq!(ends_at(received_ms, received_ms - 1), end_ms, "a clock was put back");
        assert_eq!((ends_at(u64::MAX, 0), ends_at(0, u64::MAX)), (u64::MAX, u64::MAX));
    }
}
