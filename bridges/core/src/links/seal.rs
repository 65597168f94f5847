//! The seal of a link: HMAC-SHA-256 over all that the link says, with a key that never leaves the store.

use base::Rng;
use hmac::{Hmac, KeyInit as _, Mac as _};
use serde::Serialize;
use sha2::Sha256;
use store::{Batch, Store, StoreError};

use crate::{names::hex, tables::LINK_KEYS};

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
}
