//! The company's private keys, by which the key of each entry is opened: RSA with PKCS#1 v1.5 padding, as the platform does it.

use std::collections::BTreeMap;

use base64::{Engine as _, engine::general_purpose::STANDARD};
use bridge_api::{Rng, Secret};
use rsa::{
    Pkcs1v15Encrypt, RsaPrivateKey,
    pkcs1::DecodeRsaPrivateKey as _,
    pkcs8::DecodePrivateKey as _,
    rand_core::{self, CryptoRng, RngCore},
    traits::PublicKeyParts as _,
};

use super::{ArchiveError, ArchiveKey, limits::KEY_BITS_MIN};

/// The private keys by their versions.
pub(super) struct Keys {
    keys: BTreeMap<u64, RsaPrivateKey>,
    rng: Rng,
}

/// Chance as the cipher wants it, by which it hides from its own time what it works on.
pub(super) struct Chance<'a>(pub &'a Rng);

impl CryptoRng for Chance<'_> {}

impl RngCore for Chance<'_> {
    fn next_u32(&mut self) -> u32 {
        let mut bytes = [0; 4];
        self.0.fill(&mut bytes);
        u32::from_le_bytes(bytes)
    }

    fn next_u64(&mut self) -> u64 {
        self.0.u64()
    }

    fn fill_bytes(&mut self, bytes: &mut [u8]) {
        self.0.fill(bytes);
    }

    fn try_fill_bytes(&mut self, bytes: &mut [u8]) -> Result<(), rand_core::Error> {
        self.0.fill(bytes);
        Ok(())
    }
}

impl Keys {
    /// The keys of the settings.
    ///
    /// # Errors
    /// The reason why one is none.
    pub(super) fn new(keys: &[ArchiveKey], rng: Rng) -> Result<Self, String> {
        let mut read = BTreeMap::new();
        for ArchiveKey { version, pem } in keys {
            let pem = pem.expose().trim();
            let key = RsaPrivateKey::from_pkcs8_pem(pem).or_else(|_| RsaPrivateKey::from_pkcs1_pem(pem));
            let key =
                key.map_err(|_| format!("the private key of version {version} is no RSA key as PEM"))?;
            if key.size() * 8 < KEY_BITS_MIN {
                return Err(format!(
                    "the private key of version {version} is shorter than {KEY_BITS_MIN} bits"
                ));
            }
            if read.insert(*version, key).is_some() {
                return Err(format!("two private keys have the version {version}"));
            }
        }
        Ok(Self { keys: read, rng })
    }

    /// The versions that there are, in words.
    pub(super) fn versions(&self) -> String {
        self.keys.keys().map(u64::to_string).collect::<Vec<_>>().join(", ")
    }

    /// Opens the key of an entry.
    ///
    /// # Errors
    /// [`ArchiveError::Key`] when there is no such version, or when it is another key than the console's.
    pub(super) fn opened(&self, version: u64, sealed: &str) -> Result<Secret, ArchiveError> {
        let key = self.keys.get(&version).ok_or_else(|| {
            ArchiveError::Key(format!(
                "messages are encrypted with version {version} of the public key, and wecom.archive_private_keys has {}",
                if self.keys.is_empty() { "none".to_owned() } else { self.versions() }
            ))
        })?;
        let other = || {
            ArchiveError::Key(format!(
                "the private key of version {version} is another one than the console's public key of that version"
            ))
        };
        let sealed = STANDARD.decode(sealed.trim()).map_err(|_| other())?;
        let opened =
            key.decrypt_blinded(&mut Chance(&self.rng), Pkcs1v15Encrypt, &sealed).map_err(|_| other())?;
        // It is a text; anything else never was a key.
        let text = String::from_utf8(opened)
            .ok()
            .filter(|text| text.chars().all(|letter| letter.is_ascii_graphic()));
        text.filter(|text| !text.is_empty()).map(Secret::new).ok_or_else(other)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::archive::tests::keys::{OTHER_PRIVATE_KEY, PRIVATE_KEY, sealed};

    fn keys(list: &[(u64, &str)]) -> Result<Keys, String> {
        let list: Vec<_> = list
            .iter()
            .map(|(version, pem)| ArchiveKey { version: *version, pem: Secret::new(*pem) })
            .collect();
        Keys::new(&list, Rng::seeded(1))
    }

    #[test]
    fn the_key_of_an_entry_is_opened_by_the_version_that_it_names() {
        let keys = keys(&[(1, OTHER_PRIVATE_KEY), (3, PRIVATE_KEY)]).expect("keys");
        assert_eq!(keys.opened(3, &sealed("a+b/c=")).expect("opened").expose(), "a+b/c=");
        let wrong = keys.opened(1, &sealed("a+b/c="));
        assert!(
            matches!(&wrong, Err(ArchiveError::Key(words)) if words.contains("another one")),
            "{wrong:?}"
        );
        let missing = keys.opened(4, &sealed("x"));
        assert!(matches!(&missing, Err(ArchiveError::Key(words)) if words.contains("1, 3")), "{missing:?}");
        assert!(keys.opened(3, "not base64!").is_err());
    }

    #[test]
    fn what_is_no_key_is_refused_when_the_bridge_starts() {
        assert!(keys(&[(1, "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----")]).is_err());
        assert!(
            keys(&[(1, PRIVATE_KEY), (1, OTHER_PRIVATE_KEY)]).is_err_and(|error| error.contains("version 1"))
        );
    }
}
