//! The keys that sign this server's events: one made at the first start, read at every other, replaced on request.
//!
//! The file has a line for each key. `ed25519 <version> <PKCS#8 document, base64>` is the key that signs; lines
//! `old ed25519 <version> <public key, base64> <expired, ms since 1970>` are those that signed before it. Others need
//! their public halves for as long as events exist that they signed.

use std::{
    fs::{self, OpenOptions},
    io::{ErrorKind, Write as _},
    os::unix::fs::OpenOptionsExt as _,
    path::Path,
    sync::Arc,
};

use base::Rng;
use base64::{Engine as _, engine::general_purpose::STANDARD_NO_PAD};
use federation::{OldKey, OwnKeys};
use rules::policy_server::KEY_VERSION;
use ruma::signatures::Ed25519KeyPair;

use crate::StartError;

/// Name of the file in the data folder.
pub(crate) const FILE_NAME: &str = "signing.key";

/// Name of the file with the key of the policy server, in the same form.
const POLICY_FILE_NAME: &str = "policy_server.key";

/// Where a new file is written before it takes the place of the old one.
const NEW_FILE_NAME: &str = "signing.key.new";

/// Reads the keys, or makes one when there is none. A file that is there and cannot be read is an
/// error: a new key would make every event signed so far unverifiable.
pub(crate) fn load_or_create(directory: &Path, rng: &Rng) -> Result<OwnKeys, StartError> {
    let path = directory.join(FILE_NAME);
    match fs::read_to_string(&path) {
        Ok(text) => parse(&text).ok_or_else(|| unreadable(&path)),
        Err(error) if error.kind() == ErrorKind::NotFound => {
            let text = generate(rng);
            write(directory, FILE_NAME, &text)?;
            parse(&text).ok_or_else(|| unreadable(&path))
        }
        Err(error) => Err(StartError::SigningKey { path, reason: error.to_string() }),
    }
}

/// Reads the keys of a server that was started at least once.
pub(crate) fn load(directory: &Path) -> Result<OwnKeys, StartError> {
    let path = directory.join(FILE_NAME);
    match fs::read_to_string(&path) {
        Ok(text) => parse(&text).ok_or_else(|| unreadable(&path)),
        Err(error) => Err(StartError::SigningKey { path, reason: error.to_string() }),
    }
}

/// A key that is kept nowhere, for a server in memory.
pub(crate) fn ephemeral(rng: &Rng) -> Result<OwnKeys, StartError> {
    parse(&generate(rng)).ok_or_else(|| unreadable(Path::new(FILE_NAME)))
}

/// Reads the key with which this server recommends events as a policy server, or makes one when there is none. It has
/// a file of its own: rooms name it, so it is not replaced with the key that signs.
pub(crate) fn load_or_create_policy_key(directory: &Path) -> Result<Arc<Ed25519KeyPair>, StartError> {
    let path = directory.join(POLICY_FILE_NAME);
    let text = match fs::read_to_string(&path) {
        Err(error) if error.kind() == ErrorKind::NotFound => {
            let text = document_line(KEY_VERSION);
            write(directory, POLICY_FILE_NAME, &text)?;
            text
        }
        read => {
            read.map_err(|error| StartError::SigningKey { path: path.clone(), reason: error.to_string() })?
        }
    };
    let keys = parse(&text).filter(|keys| keys.current().version() == KEY_VERSION);
    keys.map(|keys| Arc::clone(keys.current())).ok_or_else(|| unreadable(&path))
}

/// Such a key that is kept nowhere, for a server in memory.
pub(crate) fn ephemeral_policy_key() -> Result<Arc<Ed25519KeyPair>, StartError> {
    let keys = parse(&document_line(KEY_VERSION));
    keys.map(|keys| Arc::clone(keys.current())).ok_or_else(|| unreadable(Path::new(POLICY_FILE_NAME)))
}

/// Puts a new key in the place of the one that signs, and keeps the public half of that one. A server that runs goes
/// on with the old key until it is started again. Gives the ids of the old and the new key.
pub(crate) fn rotate(directory: &Path, rng: &Rng, now_ms: u64) -> Result<(String, String), StartError> {
    let path = directory.join(FILE_NAME);
    let failed =
        |error: std::io::Error| StartError::SigningKey { path: path.clone(), reason: error.to_string() };
    let keys = load(directory)?;
    let mut text = generate(rng);
    let retired = OldKey { id: keys.current_id(), key: keys.current_public(), expired_ms: now_ms };
    for old in keys.old().iter().chain([&retired]) {
        let version = old.id.trim_start_matches("ed25519:");
        text.push_str(&format!("old ed25519 {version} {} {}\n", old.key, old.expired_ms));
    }
    let after = parse(&text).ok_or_else(|| unreadable(&path))?;
    // What a rotation that was cut off left behind was never in use.
    let _ = fs::remove_file(directory.join(NEW_FILE_NAME));
    write(directory, NEW_FILE_NAME, &text)?;
    fs::rename(directory.join(NEW_FILE_NAME), &path).map_err(failed)?;
    fs::File::open(directory).and_then(|directory| directory.sync_all()).map_err(failed)?;
    Ok((keys.current_id(), after.current_id()))
}

fn unreadable(path: &Path) -> StartError {
    let reason = "it has no line of the form `ed25519 <version> <base64>`, or a line of another form; restore it \
                  from a backup";
    StartError::SigningKey { path: path.to_owned(), reason: reason.to_owned() }
}

fn write(directory: &Path, name: &str, text: &str) -> Result<(), StartError> {
    let path = directory.join(name);
    let written =
        OpenOptions::new().write(true).create_new(true).mode(0o600).open(&path).and_then(|mut file| {
            file.write_all(text.as_bytes())?;
            file.sync_all()
        });
    written.map_err(|error| StartError::SigningKey { path, reason: error.to_string() })
}

fn generate(rng: &Rng) -> String {
    document_line(&format!("a_{}", rng.string(6)))
}

fn document_line(version: &str) -> String {
    let document = Ed25519KeyPair::generate();
    format!("ed25519 {version} {}\n", STANDARD_NO_PAD.encode(&*document))
}

/// None when a line is of no known form, or there is not exactly one key that signs.
fn parse(text: &str) -> Option<OwnKeys> {
    let (mut current, mut old) = (None, Vec::new());
    for line in text.lines().map(str::trim).filter(|line| !line.is_empty()) {
        match line.split_whitespace().collect::<Vec<_>>()[..] {
            ["ed25519", version, document] if current.is_none() => {
                let document = STANDARD_NO_PAD.decode(document.trim_end_matches('=')).ok()?;
                current = Some(Arc::new(Ed25519KeyPair::from_der(&document, version.to_owned()).ok()?));
            }
            ["old", "ed25519", version, key, expired] => old.push(OldKey {
                id: format!("ed25519:{version}"),
                key: key.trim_end_matches('=').to_owned(),
                expired_ms: expired.parse().ok()?,
            }),
            _ => return None,
        }
    }
    Some(OwnKeys::new(current?, old))
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
        assert_eq!(first.current_id(), again.current_id());
        assert_eq!(first.current_public(), again.current_public());

        fs::write(folder.path().join(FILE_NAME), "ed25519 rubbish").unwrap();
        assert!(load_or_create(folder.path(), &rng).is_err());
        assert!(rotate(folder.path(), &rng, 1).is_err());
        assert_eq!(fs::read_to_string(folder.path().join(FILE_NAME)).unwrap(), "ed25519 rubbish");
    }

    #[test]
    fn keys_that_were_replaced_stay_published() {
        let folder = tempfile::tempdir().unwrap();
        let rng = Rng::seeded(1);
        let first = load_or_create(folder.path(), &rng).unwrap();
        let (old, new) = rotate(folder.path(), &rng, 1_000).unwrap();
        let second = load_or_create(folder.path(), &rng).unwrap();
        assert_eq!((first.current_id(), second.current_id()), (old.clone(), new.clone()));
        assert_ne!(old, new);
        rotate(folder.path(), &rng, 2_000).unwrap();
        let third = load_or_create(folder.path(), &rng).unwrap();
        let seen: Vec<_> = third.old().iter().map(|key| (key.id.clone(), key.expired_ms)).collect();
        assert_eq!(seen, [(old, 1_000), (new, 2_000)]);
        assert_eq!(third.old()[0].key, first.current_public());
    }
}
