//! A new key in the place of the one that signed: what both say of it, so that whoever knows either knows the other.
//!
//! The private half of the old key is gone with it. Its public half goes on verifying what it signed until its end; what it signs
//! of a later moment is refused.

use std::collections::BTreeMap;

use rules::canonical::{self, FormError};
use serde::{Deserialize, Serialize};
use store::{Batch, Scan, Store};

use crate::{
    CasesError, PublicKeys, Signer,
    limits::HANDOVERS_MAX,
    record::{VERSION, canonical_object},
    signer::{new_key, stored_key},
    tables::{HANDOVER, SIGNING_KEY},
};

/// One key follows another. Both have signed it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Handover {
    /// The form: 1.
    pub v: u32,
    /// The id of the key that signed until then, `ed25519:ent_1`.
    pub from: String,
    /// Its public half, unpadded base64.
    pub from_key: String,
    /// The id of the key that signs since.
    pub to: String,
    /// Its public half, unpadded base64.
    pub to_key: String,
    /// When, in ms since 1970.
    pub at: u64,
    /// Signatures over everything else, by key.
    pub sig: BTreeMap<String, String>,
}

impl Handover {
    /// Has both keys say that one follows the other.
    ///
    /// # Errors
    /// [`FormError`] cannot happen for keys.
    pub fn signed(old: &Signer, new: &Signer, at_ms: u64) -> Result<Self, FormError> {
        let mut handover = Self {
            v: VERSION,
            from: old.id(),
            from_key: old.public_text(),
            to: new.id(),
            to_key: new.public_text(),
            at: at_ms,
            sig: BTreeMap::new(),
        };
        let bytes = handover.signed_bytes()?;
        handover.sig = [old, new].map(|signer| signer.sign(&bytes)).into();
        Ok(handover)
    }

    fn signed_bytes(&self) -> Result<Vec<u8>, FormError> {
        let mut object = canonical_object(self)?;
        object.remove("sig");
        canonical::to_bytes(&object)
    }

    /// Its two keys; nothing where it is of a newer form, or either has not signed it.
    pub(crate) fn keys(&self) -> Option<PublicKeys> {
        let named = [(&*self.from, &*self.from_key), (&*self.to, &*self.to_key)];
        let keys = PublicKeys::parse(named).filter(|_| self.v == VERSION && self.from != self.to)?;
        let bytes = self.signed_bytes().ok()?;
        let is_signed = |id: &String| {
            self.sig.get(id).and_then(|signature| keys.verifies(id, signature, &bytes)) == Some(true)
        };
        (is_signed(&self.from) && is_signed(&self.to)).then_some(keys)
    }
}

/// The handovers of a store, the oldest first.
///
/// # Errors
/// [`CasesError::Damaged`] when one cannot be read.
pub(crate) async fn handovers_of(store: &Store) -> Result<Vec<Handover>, CasesError> {
    let rows = store.scan(&HANDOVER, Scan::all().limit(HANDOVERS_MAX)).await?;
    rows.into_iter()
        .map(|(number, text)| {
            serde_json::from_str(&text).map_err(|error| CasesError::Damaged {
                id: format!("handover {number}"),
                problem: error.to_string(),
            })
        })
        .collect()
}

/// Puts a new key in the place of the one that signs the records of a store, and forgets what the old one signed with. Whoever
/// signs with the store's key has to be started anew.
///
/// # Errors
/// [`CasesError::Full`] when it was done [`HANDOVERS_MAX`] times, [`CasesError::Damaged`] when what is stored is no key.
pub async fn rotate(store: &Store, at_ms: u64) -> Result<Handover, CasesError> {
    let old = Signer::of_store(store).await?;
    let number = old.handovers().len();
    if number >= HANDOVERS_MAX {
        return Err(CasesError::Full("the key was replaced too often"));
    }
    let (document, new_document) = (store.get(&SIGNING_KEY, &()).await?, new_key());
    let new = stored_key(&new_document, number + 1)?;
    // Clocks are set back: a key has no end before its beginning.
    let at_ms = old.handovers().last().map_or(at_ms, |last| last.at.max(at_ms));
    let handover = Handover::signed(&old, &new, at_ms)?;
    let text = canonical::to_bytes(&canonical_object(&handover)?)?;
    let mut batch = Batch::new();
    batch.expect_read(&SIGNING_KEY, &(), document.as_ref()).put(&SIGNING_KEY, &(), &new_document);
    let number = u64::try_from(number).unwrap_or(u64::MAX);
    batch.expect_absent(&HANDOVER, &number);
    batch.put(&HANDOVER, &number, &String::from_utf8_lossy(&text).into_owned());
    store.commit(batch).await?;
    Ok(handover)
}
