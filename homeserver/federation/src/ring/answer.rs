//! What a server says about its keys: read, checked, and merged with what was known.

use std::collections::BTreeMap;

use ruma::{
    CanonicalJsonObject, CanonicalJsonValue, ServerName,
    serde::Base64,
    signatures::{SigningKeyAlgorithm, to_canonical_json_string_for_signing, verify_canonical_json_bytes},
};

use super::text;
use crate::{
    limits::{KEY_VALIDITY_MS_MAX, KEYS_PER_SERVER_MAX},
    tables::{KeyRow, ServerKeysRow},
};

/// Bytes of an ed25519 public key.
const PUBLIC_KEY_BYTES: usize = 32;

/// The signatures of one server on an object, by key id.
pub(super) fn signatures_of(object: &CanonicalJsonObject, server: &ServerName) -> BTreeMap<String, Vec<u8>> {
    let Some(CanonicalJsonValue::Object(all)) = object.get("signatures") else { return BTreeMap::new() };
    let Some(CanonicalJsonValue::Object(own)) = all.get(server.as_str()) else { return BTreeMap::new() };
    let signatures = own.iter().filter_map(|(id, signature)| match signature {
        CanonicalJsonValue::String(signature) => {
            Some((id.clone(), Base64::<ruma::serde::base64::Standard>::parse(signature).ok()?.into_inner()))
        }
        _ => None,
    });
    signatures.collect()
}

/// Reads an answer about the keys of `server`.
///
/// # Errors
/// In words for the log, when it is about another server or no key in it has signed it.
pub(super) fn read(json: &str, server: &ServerName, now_ms: u64) -> Result<ServerKeysRow, String> {
    let object: CanonicalJsonObject = serde_json::from_str(json).map_err(|error| error.to_string())?;
    if text(&object, "server_name") != Some(server.as_str()) {
        return Err("it is about another server".to_owned());
    }
    let said_until_ms = number(&object, "valid_until_ts").ok_or("valid_until_ts is missing")?;
    let valid_until_ms = said_until_ms.min(now_ms.saturating_add(KEY_VALIDITY_MS_MAX));
    let message = to_canonical_json_string_for_signing(&object).map_err(|error| error.to_string())?;
    let signatures = signatures_of(&object, server);
    let mut keys = BTreeMap::new();
    for (id, entry) in entries(&object, "verify_keys") {
        let Some(key) = public_key(entry) else { continue };
        // A key that has not signed this answer was perhaps never the server's.
        let has_signed = signatures.get(id).is_some_and(|signature| {
            let algorithm = SigningKeyAlgorithm::Ed25519;
            verify_canonical_json_bytes(&algorithm, key.as_bytes(), signature, message.as_bytes()).is_ok()
        });
        if has_signed {
            let key = key.encode();
            keys.insert(id.clone(), KeyRow { key, valid_until_ms, is_old: false });
        }
    }
    if keys.is_empty() {
        return Err("none of its keys has signed it".to_owned());
    }
    for (id, entry) in entries(&object, "old_verify_keys") {
        let (Some(key), Some(expired_ms)) = (public_key(entry), number(entry, "expired_ts")) else {
            continue;
        };
        let row = KeyRow { key: key.encode(), valid_until_ms: expired_ms.min(now_ms), is_old: true };
        keys.entry(id.clone()).or_insert(row);
    }
    Ok(ServerKeysRow { keys, response: json.to_owned(), fetched_ms: now_ms, valid_until_ms })
}

/// Adds to a new answer the keys that the server no longer mentions: they stay good for what they signed in their
/// time. A key whose server calls it old now was good for no longer than was last believed.
pub(super) fn merge(mut new: ServerKeysRow, known: Option<&ServerKeysRow>) -> ServerKeysRow {
    for (id, row) in known.into_iter().flat_map(|known| &known.keys) {
        if new.keys.len() >= KEYS_PER_SERVER_MAX {
            break;
        }
        new.keys.entry(id.clone()).or_insert_with(|| row.clone());
    }
    while new.keys.len() > KEYS_PER_SERVER_MAX {
        new.keys.pop_last();
    }
    new
}

fn entries<'a>(
    object: &'a CanonicalJsonObject,
    field: &str,
) -> impl Iterator<Item = (&'a String, &'a CanonicalJsonObject)> {
    let keys = match object.get(field) {
        Some(CanonicalJsonValue::Object(keys)) => Some(keys),
        _ => None,
    };
    let keys = keys.into_iter().flatten().filter(|(id, _)| id.starts_with("ed25519:") && id.len() <= 255);
    keys.filter_map(|(id, entry)| match entry {
        CanonicalJsonValue::Object(entry) => Some((id, entry)),
        _ => None,
    })
}

fn public_key(entry: &CanonicalJsonObject) -> Option<Base64> {
    let key = Base64::parse(text(entry, "key")?).ok()?;
    (key.as_bytes().len() == PUBLIC_KEY_BYTES).then_some(key)
}

fn number(object: &CanonicalJsonObject, field: &str) -> Option<u64> {
    match object.get(field) {
        Some(CanonicalJsonValue::Integer(number)) => u64::try_from(i64::from(*number)).ok(),
        _ => None,
    }
}
