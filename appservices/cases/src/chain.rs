//! Walking a chain of records again.

use std::collections::BTreeSet;

use crate::{PublicKeys, Record, record::VERSION};

/// A chain that holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verified {
    /// Its records.
    pub records: u64,
    /// The keys that signed them.
    pub signers: BTreeSet<String>,
    /// Hash of the first record.
    pub first: String,
    /// Hash of the last record.
    pub last: String,
}

/// The first link that does not hold.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{no}: record {seq} {fault}")]
pub struct Broken {
    /// The case.
    pub no: String,
    /// The place of the record in the chain, from 1.
    pub seq: u64,
    /// What is wrong with it.
    pub fault: Fault,
}

/// What is wrong with a record.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Fault {
    /// There is none.
    #[error("is missing")]
    Missing,
    /// It is not in the form of a record.
    #[error("is not a record: {0}")]
    Form(String),
    /// It belongs to another case, or to another place.
    #[error("stands in the wrong place")]
    Place,
    /// It does not name the hash of the one before.
    #[error("does not follow from the one before")]
    Link,
    /// None of its signatures is by a known key.
    #[error("is not signed by a known key")]
    Unsigned,
    /// It was signed when its key signed no more.
    #[error("is signed by {0} after the end of that key")]
    Ended(String),
    /// A signature is not of these bytes.
    #[error("has a wrong signature of {0}")]
    Signature(String),
    /// A text that it stands for is not what was recorded.
    #[error("stands for a text that was changed")]
    Text,
}

impl Fault {
    /// The key of its words in the texts of bots, and what fills their gap, which is named `what`.
    #[must_use]
    pub fn words(&self) -> (&'static str, &str) {
        match self {
            Self::Missing => ("chain.missing", ""),
            Self::Form(problem) => ("chain.form", problem),
            Self::Place => ("chain.place", ""),
            Self::Link => ("chain.link", ""),
            Self::Unsigned => ("chain.unsigned", ""),
            Self::Ended(key) => ("chain.ended", key),
            Self::Signature(key) => ("chain.signature", key),
            Self::Text => ("chain.text", ""),
        }
    }
}

/// Walks the records of one case. `origin` is the hash of what the case was made by.
///
/// # Errors
/// [`Broken`] names the first record that does not hold.
pub fn verify(no: &str, origin: &str, records: &[Record], keys: &PublicKeys) -> Result<Verified, Broken> {
    let mut prev = origin.to_owned();
    let mut signers = BTreeSet::new();
    let mut first = String::new();
    let broken = |seq: u64, fault: Fault| Broken { no: no.to_owned(), seq, fault };
    let Some(id) = records.first().map(|record| record.obj.as_str()) else {
        return Err(broken(1, Fault::Missing));
    };
    for (seq, record) in (1..).zip(records) {
        let bytes = record.signed_bytes().map_err(|error| broken(seq, Fault::Form(error.to_string())))?;
        signers.extend(signed_by(record, &bytes, keys).map_err(|fault| broken(seq, fault))?);
        if record.v != VERSION || record.seq != seq || record.no != no || record.obj != id {
            return Err(broken(seq, Fault::Place));
        }
        if record.prev != prev {
            return Err(broken(seq, Fault::Link));
        }
        prev = crate::hash_of(&bytes);
        if seq == 1 {
            first.clone_from(&prev);
        }
    }
    Ok(Verified { records: records.len() as u64, signers, first, last: prev })
}

impl PublicKeys {
    /// The ids of those of these keys that signed a record, before their ends; one at least.
    ///
    /// # Errors
    /// What is wrong with its signatures.
    pub fn signed(&self, record: &Record) -> Result<Vec<String>, Fault> {
        let bytes = record.signed_bytes().map_err(|error| Fault::Form(error.to_string()))?;
        signed_by(record, &bytes, self)
    }
}

/// The known keys that signed, before their ends. Signatures by unknown ones prove nothing and disprove nothing.
fn signed_by(record: &Record, bytes: &[u8], keys: &PublicKeys) -> Result<Vec<String>, Fault> {
    let (mut signers, mut ended) = (Vec::new(), None);
    for (id, signature) in &record.sig {
        match keys.verifies(id, signature, bytes) {
            Some(true) if keys.has_ended(id, record.at) => ended = Some(id.clone()),
            Some(true) => signers.push(id.clone()),
            Some(false) => return Err(Fault::Signature(id.clone())),
            None => {}
        }
    }
    match ended {
        _ if !signers.is_empty() => Ok(signers),
        Some(id) => Err(Fault::Ended(id)),
        None => Err(Fault::Unsigned),
    }
}
