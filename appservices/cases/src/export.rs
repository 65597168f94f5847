//! Exports: cases with their records and the texts these stand for, to be verified without a server.
//!
//! One canonical JSON object a line. The first line has the form, the keys and the number of cases; each case is a line;
//! the last line has the hash of all lines before and is signed. So a byte that was changed breaks a line, a link or a
//! hash, and a line that was taken away breaks the end.

use std::collections::{BTreeMap, BTreeSet};
use std::io::BufRead;

use rules::canonical::{self, FormError, nests_deeper};
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use sha2::{Digest as _, Sha256};

use crate::{
    Broken, Fault, Handover, PublicKeys, Record, Signer, chain, hash_of,
    limits::{EXPORT_LINE_BYTES_MAX, EXPORT_NESTING_MAX},
    record::{VERSION, canonical_object, digest_text},
};

#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Head {
    v: u32,
    cases: u64,
    keys: BTreeMap<String, String>,
    /// Which of them followed which, where one was replaced.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    handed: Vec<Handover>,
}

/// A case in an export.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Exported {
    /// Its number.
    pub no: String,
    /// What it was made by, as canonical JSON text: the first record names its hash.
    pub origin: String,
    /// Its records, in order.
    pub records: Vec<Record>,
    /// The texts that the records stand for (forms, reasons), by hash.
    pub texts: BTreeMap<String, String>,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct End {
    sha256: String,
    sig: BTreeMap<String, String>,
}

/// An export that is being written.
pub struct Export {
    text: String,
}

impl Export {
    /// Begins one with so many cases, signed by keys of which some followed others.
    ///
    /// # Errors
    /// [`FormError`] cannot happen for keys.
    pub fn begin(keys: &PublicKeys, handed: &[Handover], cases: u64) -> Result<Self, FormError> {
        let mut export = Self { text: String::new() };
        export.line(&Head { v: VERSION, cases, keys: keys.texts(), handed: handed.to_vec() })?;
        Ok(export)
    }

    /// Adds a case.
    ///
    /// # Errors
    /// [`FormError`] for values without a canonical form.
    pub fn case(&mut self, case: &Exported) -> Result<(), FormError> {
        self.line(case)
    }

    /// Signs the whole.
    ///
    /// # Errors
    /// [`FormError`] cannot happen for a hash.
    pub fn finish(mut self, signer: &Signer) -> Result<String, FormError> {
        let sha256 = hash_of(self.text.as_bytes());
        let (key, signature) = signer.sign(sha256.as_bytes());
        self.line(&End { sha256, sig: BTreeMap::from([(key, signature)]) })?;
        Ok(self.text)
    }

    fn line(&mut self, value: &impl Serialize) -> Result<(), FormError> {
        let bytes = canonical::to_bytes(&canonical_object(value)?)?;
        self.text.push_str(&String::from_utf8_lossy(&bytes));
        self.text.push('\n');
        Ok(())
    }
}

/// An export that holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Report {
    /// Its cases.
    pub cases: u64,
    /// Their records.
    pub records: u64,
    /// The keys that signed, with their public halves in base64: compare them with those you trust.
    pub signers: BTreeMap<String, String>,
}

/// The first thing in an export that does not hold.
#[derive(Debug, thiserror::Error)]
pub enum ExportFault {
    /// The file cannot be read.
    #[error("the file cannot be read: {0}")]
    Reading(#[from] std::io::Error),
    /// A line is not what stands in an export.
    #[error("line {line}: {problem}")]
    Line {
        /// The line, from 1.
        line: u64,
        /// What is wrong with it.
        problem: String,
    },
    /// A chain of records does not hold.
    #[error("line {line}: {broken}")]
    Chain {
        /// The line, from 1.
        line: u64,
        /// The first broken record.
        broken: Broken,
    },
}

/// Verifies an export. `trusted` are the keys that may sign, with those that they handed over to or that handed over to them;
/// without any, those that the export names are taken, which shows that nothing was changed since, and not by whom it was written.
///
/// # Errors
/// [`ExportFault`] names the first thing that does not hold.
pub fn verify_export(input: impl BufRead, trusted: &PublicKeys) -> Result<Report, ExportFault> {
    let mut reading = Reading { input, line: 0, hasher: Sha256::new() };
    let head: Head = reading.next()?;
    if head.v != VERSION {
        return Err(reading.wrong("this form of export is newer than the program"));
    }
    let texts = head.keys.iter().map(|(id, key)| (id.as_str(), key.as_str()));
    let named = PublicKeys::parse(texts).ok_or_else(|| reading.wrong("a key cannot be read"))?;
    let keys = if trusted.is_empty() { named } else { trusted.clone() };
    let keys = keys.led_on(&head.handed);
    let ends = keys.ends();
    let mut signers = BTreeSet::new();
    let mut records = 0;
    for _ in 0..head.cases {
        let case: Exported = reading.next()?;
        records += case.records.len() as u64;
        let line = reading.line;
        let found = verify_case(&case, &keys).map_err(|broken| ExportFault::Chain { line, broken })?;
        signers.extend(found);
    }
    let sha256 = reading.hash();
    let end: End = reading.next()?;
    // Whoever has a key that was replaced since writes no export of today with it.
    let signed = end.sig.iter().filter(|(id, _)| !ends.contains_key(*id));
    let signed = signed.map(|(id, signature)| keys.verifies(id, signature, end.sha256.as_bytes()));
    let verdicts: Vec<_> = signed.collect();
    if end.sha256 != sha256 || verdicts.contains(&Some(false)) || !verdicts.contains(&Some(true)) {
        return Err(reading.wrong("the end is not signed by a known key, or something before it was changed"));
    }
    if !reading.at_end()? {
        return Err(reading.wrong("something follows the end"));
    }
    signers.extend(end.sig.into_keys());
    let signers = keys.texts().into_iter().filter(|(id, _)| signers.contains(id)).collect();
    Ok(Report { cases: head.cases, records, signers })
}

fn verify_case(case: &Exported, keys: &PublicKeys) -> Result<BTreeSet<String>, Broken> {
    let verified = chain::verify(&case.no, &hash_of(case.origin.as_bytes()), &case.records, keys)?;
    let mut stood_for = BTreeSet::new();
    for record in &case.records {
        for hash in record.form_sha256.iter().chain(&record.reason_sha256) {
            stood_for.insert(hash);
            if case.texts.get(hash).is_some_and(|text| hash_of(text.as_bytes()) != **hash) {
                return Err(Broken { no: case.no.clone(), seq: record.seq, fault: Fault::Text });
            }
        }
    }
    if case.texts.keys().any(|hash| !stood_for.contains(hash)) {
        return Err(Broken { no: case.no.clone(), seq: 0, fault: Fault::Text });
    }
    Ok(verified.signers)
}

struct Reading<R> {
    input: R,
    line: u64,
    hasher: Sha256,
}

impl<R: BufRead> Reading<R> {
    /// The next line, which must be the canonical form of what it says.
    fn next<T: Serialize + DeserializeOwned>(&mut self) -> Result<T, ExportFault> {
        let bytes = self.bytes()?;
        let text = bytes.strip_suffix(b"\n").ok_or_else(|| self.wrong("the export ends too early"))?;
        if nests_deeper(text, EXPORT_NESTING_MAX) {
            return Err(self.wrong("nested too deep"));
        }
        let value: T = serde_json::from_slice(text).map_err(|error| self.wrong(&error.to_string()))?;
        let again = canonical_object(&value).and_then(|object| canonical::to_bytes(&object));
        if again.ok().as_deref() != Some(text) {
            return Err(self.wrong("not as it was written"));
        }
        self.hasher.update(&bytes);
        Ok(value)
    }

    fn bytes(&mut self) -> Result<Vec<u8>, ExportFault> {
        use std::io::Read as _;
        self.line += 1;
        let mut bytes = Vec::new();
        let most = u64::try_from(EXPORT_LINE_BYTES_MAX).unwrap_or(u64::MAX);
        (&mut self.input).take(most).read_until(b'\n', &mut bytes)?;
        Ok(bytes)
    }

    fn hash(&self) -> String {
        digest_text(&self.hasher.clone().finalize())
    }

    fn at_end(&mut self) -> Result<bool, ExportFault> {
        Ok(self.input.fill_buf()?.is_empty())
    }

    fn wrong(&self, problem: &str) -> ExportFault {
        ExportFault::Line { line: self.line, problem: problem.to_owned() }
    }
}

/// The canonical text of what cases are made by, and its hash.
///
/// # Errors
/// [`FormError`] for values without a canonical form.
pub fn origin_of(value: &impl Serialize) -> Result<(String, String), FormError> {
    let bytes = canonical::to_bytes(&canonical_object(value)?)?;
    let text = String::from_utf8_lossy(&bytes).into_owned();
    let hash = hash_of(text.as_bytes());
    Ok((text, hash))
}
