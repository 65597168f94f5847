//! The key that signs records, and the keys that verify them.

use std::collections::BTreeMap;
use std::sync::Arc;

use base64::{Engine as _, engine::general_purpose::STANDARD_NO_PAD};
use ruma::{
    SigningKeyAlgorithm,
    signatures::{Ed25519KeyPair, KeyPair as _, verify_canonical_json_bytes},
};
use store::{Batch, Store};

use crate::{CasesError, tables::SIGNING_KEY};

/// The key that signs.
#[derive(Clone, Debug)]
pub struct Signer(Arc<Ed25519KeyPair>);

/// The name of the key that a store makes for itself.
const KEY_VERSION: &str = "ent_1";

impl Signer {
    /// The key of a store; made at the first call.
    ///
    /// # Errors
    /// [`CasesError::Damaged`] when what is stored is no key.
    pub async fn of_store(store: &Store) -> Result<Self, CasesError> {
        let document = match store.get(&SIGNING_KEY, &()).await? {
            Some(document) => document,
            None => {
                let document = Ed25519KeyPair::generate().to_vec();
                let mut batch = Batch::new();
                batch.expect_absent(&SIGNING_KEY, &());
                batch.put(&SIGNING_KEY, &(), &document);
                store.commit(batch).await?;
                document
            }
        };
        let damaged = |problem: &dyn ToString| CasesError::Damaged {
            id: "signing key".into(),
            problem: problem.to_string(),
        };
        let key = Ed25519KeyPair::from_der(&document, KEY_VERSION.to_owned());
        Ok(Self::new(Arc::new(key.map_err(|error| damaged(&error))?)))
    }

    /// Signs with this key from now on.
    #[must_use]
    pub const fn new(key: Arc<Ed25519KeyPair>) -> Self {
        Self(key)
    }

    /// Its id, `ed25519:a_1`.
    #[must_use]
    pub fn id(&self) -> String {
        format!("ed25519:{}", self.0.version())
    }

    /// Its public half.
    #[must_use]
    pub fn public(&self) -> PublicKeys {
        PublicKeys(BTreeMap::from([(self.id(), self.0.public_key().to_vec())]))
    }

    /// Signs bytes: the id of the key and the signature, unpadded base64.
    #[must_use]
    pub fn sign(&self, bytes: &[u8]) -> (String, String) {
        (self.id(), self.0.sign(bytes).base64())
    }
}

/// Public halves by the id of their key.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PublicKeys(BTreeMap<String, Vec<u8>>);

impl PublicKeys {
    /// Reads keys in unpadded base64. Nothing when one of them is none.
    #[must_use]
    pub fn parse<'a>(keys: impl IntoIterator<Item = (&'a str, &'a str)>) -> Option<Self> {
        let key = |(id, text): (&str, &str)| {
            let bytes = STANDARD_NO_PAD.decode(text.trim_end_matches('=')).ok()?;
            (id.starts_with("ed25519:") && bytes.len() == 32).then(|| (id.to_owned(), bytes))
        };
        keys.into_iter().map(key).collect::<Option<_>>().map(Self)
    }

    /// Adds others; of two with the same id the one that is here stays.
    #[must_use]
    pub fn and(mut self, others: Self) -> Self {
        for (id, key) in others.0 {
            self.0.entry(id).or_insert(key);
        }
        self
    }

    /// The keys in unpadded base64.
    #[must_use]
    pub fn texts(&self) -> BTreeMap<String, String> {
        self.0.iter().map(|(id, key)| (id.clone(), STANDARD_NO_PAD.encode(key))).collect()
    }

    /// Whether nobody is known.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether a signature is good; nothing when its key is not known.
    #[must_use]
    pub fn verifies(&self, id: &str, signature: &str, bytes: &[u8]) -> Option<bool> {
        let key = self.0.get(id)?;
        let Ok(signature) = STANDARD_NO_PAD.decode(signature) else { return Some(false) };
        Some(verify_canonical_json_bytes(&SigningKeyAlgorithm::Ed25519, key, &signature, bytes).is_ok())
    }
}
