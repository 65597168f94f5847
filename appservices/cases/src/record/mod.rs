//! Records: what was done, by whom, from where. Each names the hash of the one before and is signed.

mod proof;
mod via;

use std::collections::BTreeMap;

use rules::canonical::{self, FormError};
use ruma::{CanonicalJsonObject, CanonicalJsonValue};
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

pub use self::{
    proof::{Proof, Source},
    via::Via,
};
use crate::Signer;

/// The form of records that is written and understood.
pub(crate) const VERSION: u32 = 1;

/// What is to be recorded; the chain adds the rest.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// The verb.
    pub action: String,
    /// The account that acted, or `auto`.
    pub actor: String,
    /// For whom, when somebody acts for another.
    pub on_behalf_of: Option<String>,
    /// By what way.
    pub via: Via,
    /// The event, if there was one.
    pub source: Option<Source>,
    /// SHA-256 of the signed link by which somebody acted whom no event tells of, in lower-case hexadecimal. It stands in
    /// the proof.
    pub link: Option<String>,
    /// The node of the flow.
    pub node: Option<String>,
    /// The task.
    pub task: Option<String>,
    /// The state before.
    pub from: String,
    /// The state after.
    pub to: String,
    /// Hash of the form as it was decided upon.
    pub form_sha256: Option<String>,
    /// Hash of the reason or comment.
    pub reason_sha256: Option<String>,
    /// What the case was made by, `expense@7`.
    pub template: String,
    /// When, in ms since 1970.
    pub at_ms: u64,
}

/// A record as it is kept and shown.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Record {
    /// The form of the record: 1.
    pub v: u32,
    /// The id of the case.
    pub obj: String,
    /// The number of the case.
    pub no: String,
    /// Its place in the chain, from 1.
    pub seq: u64,
    /// Hash of the record before; of the first the hash of what the case was made by.
    pub prev: String,
    /// The verb.
    pub action: String,
    /// The account that acted, or `auto`.
    pub actor: String,
    /// For whom, when somebody acts for another.
    pub on_behalf_of: Option<String>,
    /// By what way.
    pub via: Via,
    /// The event, if there was one.
    pub src: Option<Source>,
    /// What proves it.
    pub proof: Option<Proof>,
    /// The node of the flow.
    pub node: Option<String>,
    /// The task.
    pub task: Option<String>,
    /// The state before.
    pub from: String,
    /// The state after.
    pub to: String,
    /// Hash of the form.
    pub form_sha256: Option<String>,
    /// Hash of the reason or comment.
    pub reason_sha256: Option<String>,
    /// What the case was made by.
    pub tpl: String,
    /// When, in ms since 1970.
    pub at: u64,
    /// Signatures over everything else, by key.
    pub sig: BTreeMap<String, String>,
}

impl Record {
    /// Puts an entry behind the record with the hash `prev`, and signs it.
    ///
    /// # Errors
    /// [`FormError`] for values without a canonical form.
    pub fn signed(
        entry: Entry,
        id: &str,
        no: &str,
        seq: u64,
        prev: &str,
        signer: &Signer,
    ) -> Result<Self, FormError> {
        let proof = Proof::of(&entry);
        let mut record = Self {
            v: VERSION,
            obj: id.to_owned(),
            no: no.to_owned(),
            seq,
            prev: prev.to_owned(),
            action: entry.action,
            actor: entry.actor,
            on_behalf_of: entry.on_behalf_of,
            via: entry.via,
            src: entry.source,
            proof,
            node: entry.node,
            task: entry.task,
            from: entry.from,
            to: entry.to,
            form_sha256: entry.form_sha256,
            reason_sha256: entry.reason_sha256,
            tpl: entry.template,
            at: entry.at_ms,
            sig: BTreeMap::new(),
        };
        let (key, signature) = signer.sign(&record.signed_bytes()?);
        record.sig.insert(key, signature);
        Ok(record)
    }

    /// The bytes that are hashed and signed: canonical JSON without `sig`.
    ///
    /// # Errors
    /// [`FormError`] for values without a canonical form.
    pub fn signed_bytes(&self) -> Result<Vec<u8>, FormError> {
        let mut object = canonical_object(self)?;
        object.remove("sig");
        canonical::to_bytes(&object)
    }

    /// `sha256:` and the hash.
    ///
    /// # Errors
    /// [`FormError`] for values without a canonical form.
    pub fn hash(&self) -> Result<String, FormError> {
        Ok(hash_of(&self.signed_bytes()?))
    }
}

/// `sha256:` and the hash of bytes in hexadecimal digits.
#[must_use]
pub fn hash_of(bytes: &[u8]) -> String {
    digest_text(&Sha256::digest(bytes))
}

/// `sha256:` and a digest in hexadecimal digits.
pub(crate) fn digest_text(digest: &[u8]) -> String {
    use std::fmt::Write as _;
    digest.iter().fold("sha256:".to_owned(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

/// A value as the object that canonical JSON is written from.
pub(crate) fn canonical_object(value: &impl Serialize) -> Result<CanonicalJsonObject, FormError> {
    let fault = |reason: String| FormError::NotCanonical(reason);
    let value = serde_json::to_value(value).map_err(|error| fault(error.to_string()))?;
    match CanonicalJsonValue::try_from(value).map_err(|error| fault(error.to_string()))? {
        CanonicalJsonValue::Object(object) => Ok(object),
        _ => Err(fault("not an object".to_owned())),
    }
}
