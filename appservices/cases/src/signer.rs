//! The key that signs records, and the keys that verify them.

use std::collections::BTreeMap;
use std::sync::Arc;

use base64::{Engine as _, engine::general_purpose::STANDARD_NO_PAD};
use ruma::{
    SigningKeyAlgorithm,
    signatures::{Ed25519KeyPair, KeyPair as _, verify_canonical_json_bytes},
};
use store::{Batch, Store};

use crate::{CasesError, Handover, handover::handovers_of, tables::SIGNING_KEY};

/// The key that signs.
#[derive(Clone, Debug)]
pub struct Signer {
    key: Arc<Ed25519KeyPair>,
    /// How it came after those before it, the oldest first.
    handovers: Arc<[Handover]>,
}

/// A new key, as it is stored.
pub(crate) fn new_key() -> Vec<u8> {
    Ed25519KeyPair::generate().to_vec()
}

/// The key of a store before which there were so many.
///
/// # Errors
/// [`CasesError::Damaged`] when it is none.
pub(crate) fn stored_key(document: &[u8], before: usize) -> Result<Signer, CasesError> {
    let key = Ed25519KeyPair::from_der(document, format!("ent_{}", before + 1));
    let damaged = |problem: &dyn ToString| CasesError::Damaged {
        id: "signing key".into(),
        problem: problem.to_string(),
    };
    Ok(Signer::new(Arc::new(key.map_err(|error| damaged(&error))?)))
}

impl Signer {
    /// The key of a store; made at the first call.
    ///
    /// # Errors
    /// [`CasesError::Damaged`] when what is stored is no key.
    pub async fn of_store(store: &Store) -> Result<Self, CasesError> {
        let document = match store.get(&SIGNING_KEY, &()).await? {
            Some(document) => document,
            None => {
                let document = new_key();
                let mut batch = Batch::new();
                batch.expect_absent(&SIGNING_KEY, &());
                batch.put(&SIGNING_KEY, &(), &document);
                store.commit(batch).await?;
                document
            }
        };
        let handovers = handovers_of(store).await?;
        let signer = stored_key(&document, handovers.len())?;
        Ok(Self { handovers: handovers.into(), ..signer })
    }

    /// Signs with this key from now on.
    #[must_use]
    pub fn new(key: Arc<Ed25519KeyPair>) -> Self {
        Self { key, handovers: Arc::default() }
    }

    /// How it came after those that signed before it, the oldest first.
    #[must_use]
    pub fn handovers(&self) -> &[Handover] {
        &self.handovers
    }

    /// Its id, `ed25519:a_1`.
    #[must_use]
    pub fn id(&self) -> String {
        format!("ed25519:{}", self.key.version())
    }

    /// Its public half.
    #[must_use]
    pub fn public(&self) -> PublicKeys {
        let key = PublicKey { bytes: self.key.public_key().to_vec(), until_ms: None };
        PublicKeys(BTreeMap::from([(self.id(), key)]))
    }

    /// Its public half, unpadded base64.
    pub(crate) fn public_text(&self) -> String {
        STANDARD_NO_PAD.encode(self.key.public_key())
    }

    /// Its public half and those before it, which have their ends.
    #[must_use]
    pub fn all(&self) -> PublicKeys {
        self.public().led_on(&self.handovers)
    }

    /// Signs bytes: the id of the key and the signature, unpadded base64.
    #[must_use]
    pub fn sign(&self, bytes: &[u8]) -> (String, String) {
        (self.id(), self.key.sign(bytes).base64())
    }
}

/// A public half.
#[derive(Clone, Debug, PartialEq, Eq)]
struct PublicKey {
    bytes: Vec<u8>,
    /// Until when it signed, in ms since 1970.
    until_ms: Option<u64>,
}

/// Public halves by the id of their key.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PublicKeys(BTreeMap<String, PublicKey>);

impl PublicKeys {
    /// Reads keys in unpadded base64. Nothing when one of them is none.
    #[must_use]
    pub fn parse<'a>(keys: impl IntoIterator<Item = (&'a str, &'a str)>) -> Option<Self> {
        let key = |(id, text): (&str, &str)| {
            let bytes = STANDARD_NO_PAD.decode(text.trim_end_matches('=')).ok()?;
            let is_key = id.starts_with("ed25519:") && bytes.len() == 32;
            is_key.then(|| (id.to_owned(), PublicKey { bytes, until_ms: None }))
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

    /// Adds the keys that known ones handed over to, and those that handed over to known ones, with their ends. What does not hold,
    /// or has nothing known in it, leads nowhere.
    #[must_use]
    pub fn led_on(mut self, handovers: &[Handover]) -> Self {
        // There and back: from a key in the middle it goes both ways.
        for handover in handovers.iter().chain(handovers.iter().rev()) {
            let Some(named) = handover.keys() else { continue };
            let known = |id: &String| Some((&self.0.get(id)?.bytes, &named.0.get(id)?.bytes));
            let [from, to] =
                [&handover.from, &handover.to].map(|id| known(id).map(|(ours, named)| ours == named));
            // Somebody else's key of the same name says that the whole is somebody else's; and a key hands over once, or whoever
            // stole it after its end could name another one.
            let has_led = self.0.get(&handover.from).is_some_and(|key| key.until_ms.is_some());
            let is_strange = [from, to].contains(&Some(false)) || (from.is_none() && to.is_none());
            if is_strange || (has_led && to.is_none()) {
                continue;
            }
            self = self.and(named);
            if let Some(key) = self.0.get_mut(&handover.from) {
                key.until_ms = Some(key.until_ms.map_or(handover.at, |until_ms| until_ms.min(handover.at)));
            }
        }
        self
    }

    /// The same where these keys signed until then, in ms since 1970.
    #[must_use]
    pub fn ending(mut self, ends: &BTreeMap<String, u64>) -> Self {
        for (id, key) in &mut self.0 {
            key.until_ms = ends.get(id).copied().or(key.until_ms);
        }
        self
    }

    /// Until when keys signed, in ms since 1970, as far as they have an end.
    #[must_use]
    pub fn ends(&self) -> BTreeMap<String, u64> {
        self.0.iter().filter_map(|(id, key)| Some((id.clone(), key.until_ms?))).collect()
    }

    /// The keys in unpadded base64.
    #[must_use]
    pub fn texts(&self) -> BTreeMap<String, String> {
        self.0.iter().map(|(id, key)| (id.clone(), STANDARD_NO_PAD.encode(&key.bytes))).collect()
    }

    /// Whether nobody is known.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether a key signed no more at this moment, in ms since 1970.
    #[must_use]
    pub fn has_ended(&self, id: &str, at_ms: u64) -> bool {
        self.0.get(id).and_then(|key| key.until_ms).is_some_and(|until_ms| at_ms > until_ms)
    }

    /// Whether a signature is good, whenever it was made; nothing when its key is not known.
    #[must_use]
    pub fn verifies(&self, id: &str, signature: &str, bytes: &[u8]) -> Option<bool> {
        let key = &self.0.get(id)?.bytes;
        let Ok(signature) = STANDARD_NO_PAD.decode(signature) else { return Some(false) };
        Some(verify_canonical_json_bytes(&SigningKeyAlgorithm::Ed25519, key, &signature, bytes).is_ok())
    }
}
