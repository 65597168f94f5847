//! The key that signs this server's events: made at the first start, read at every other.

use std::{
    fs::{self, OpenOptions},
    io::{ErrorKind, Write as _},
    os::unix::fs::OpenOptionsExt as _,
    path::Path,
    sync::Arc,
};

use base::Rng;
use base64::{Engine as _, engine::general_purpose::STANDARD_NO_PAD};
use ruma::signatures::Ed25519KeyPair;

use crate::StartError;

/// Name of the file in the data folder: `ed25519 <version> <PKCS#8 document, base64>`.
pub(crate) const FILE_NAME: &str = "signing.key";

/// Reads the key, or makes one when there is none. A file that is there and cannot be read is an
/// error: a new key would make every event signed so far unverifiable.
pub(crate) fn load_or_create(directory: &Path, rng: &Rng) -> Result<Arc<Ed25519KeyPair>, StartError> {
    let path = directory.join(FILE_NAME);
    match fs::read_to_string(&path) {
        Ok(text) => parse(&text).map(Arc::new).ok_or_else(|| StartError::SigningKey {
            path: path.clone(),
            reason: "it is not of the form `ed25519 <version> <base64>`; restore it from a backup".to_owned(),
        }),
        Err(error) if error.kind() == ErrorKind::NotFound => create(&path, rng),
        Err(error) => Err(StartError::SigningKey { path, reason: error.to_string() }),
    }
}

/// A key that is kept nowhere, for a server in memory.
pub(crate) fn ephemeral(rng: &Rng) -> Result<Arc<Ed25519KeyPair>, StartError> {
    parse(&generate(rng)).map(Arc::new).ok_or_else(|| StartError::SigningKey {
        path: FILE_NAME.into(),
        reason: "a new key does not parse".to_owned(),
    })
}

fn create(path: &Path, rng: &Rng) -> Result<Arc<Ed25519KeyPair>, StartError> {
    let failed = |reason: String| StartError::SigningKey { path: path.to_owned(), reason };
    let text = generate(rng);
    let mut file = OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(path)
        .map_err(|error| failed(error.to_string()))?;
    file.write_all(text.as_bytes())
        .and_then(|()| file.sync_all())
        .map_err(|error| failed(error.to_string()))?;
    parse(&text).map(Arc::new).ok_or_else(|| failed("a new key does not parse".to_owned()))
}

fn generate(rng: &Rng) -> String {
    let document = Ed25519KeyPair::generate();
    format!("ed25519 a_{} {}\n", rng.string(6), STANDARD_NO_PAD.encode(&*document))
}

fn parse(text: &str) -> Option<Ed25519KeyPair> {
    let mut words = text.split_whitespace();
    let (kind, version, document) = (words.next()?, words.next()?, words.next()?);
    if kind != "ed25519" || words.next().is_some() {
        return None;
    }
    let document = STANDARD_NO_PAD.decode(document.trim_end_matches('=')).ok()?;
    Ed25519KeyPair::from_der(&document, version.to_owned()).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_stays_the_same_and_a_broken_file_is_never_replaced() {
        let folder = tempfile::tempdir().unwrap();
        let rng = Rng::seeded(1);
        let first = load_or_create(folder.path(), &rng).unwrap();
        let again = load_or_create(folder.path(), &rng).unwrap();
        assert_eq!(first.version(), again.version());
        assert_eq!(first.public_key(), again.public_key());

        fs::write(folder.path().join(FILE_NAME), "ed25519 rubbish").unwrap();
        assert!(load_or_create(folder.path(), &rng).is_err());
        assert_eq!(fs::read_to_string(folder.path().join(FILE_NAME)).unwrap(), "ed25519 rubbish");
    }
}
