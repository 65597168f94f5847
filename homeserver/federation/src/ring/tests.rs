use ruma::{server_name, signatures::Ed25519KeyPair};
use serde_json::{Value, json};

use super::*;
use crate::{OldKey, limits::OWN_KEY_VALIDITY_MS};

const NOW_MS: u64 = 1_700_000_000_000;

fn key(number: u8) -> Arc<Ed25519KeyPair> {
    // PKCS#8 version 1 of an ed25519 key: a fixed head, then the 32 secret bytes.
    let head = [0x30, 0x2e, 2, 1, 0, 0x30, 5, 6, 3, 0x2b, 0x65, 0x70, 4, 0x22, 4, 0x20];
    let document = [head.as_slice(), &[number; 32]].concat();
    Arc::new(Ed25519KeyPair::from_der(&document, number.to_string()).unwrap())
}

fn published(old: Vec<OldKey>) -> Value {
    let keys = OwnKeys::new(key(1), old);
    serde_json::to_value(keys.published(server_name!("a.org"), NOW_MS).unwrap()).unwrap()
}

fn read(answer: &Value) -> Result<ServerKeysRow, String> {
    answer::read(&answer.to_string(), server_name!("a.org"), NOW_MS)
}

#[test]
fn what_we_publish_is_what_we_believe_of_others() {
    let old = OldKey {
        id: "ed25519:0".to_owned(),
        key: OwnKeys::new(key(9), vec![]).current_public(),
        expired_ms: 5,
    };
    let row = read(&published(vec![old])).unwrap();
    assert_eq!(row.keys.keys().collect::<Vec<_>>(), ["ed25519:0", "ed25519:1"]);
    assert_eq!(row.valid_until_ms, NOW_MS + OWN_KEY_VALIDITY_MS);
    assert!(row.keys["ed25519:0"].is_old && !row.keys["ed25519:1"].is_old);
}

#[test]
fn an_answer_that_its_own_keys_have_not_signed_is_not_believed() {
    let good = published(vec![]);
    let changed = |pointer: &str, value: Value| {
        let mut answer = good.clone();
        *answer.pointer_mut(pointer).unwrap() = value;
        answer
    };
    let other_key = OwnKeys::new(key(2), vec![]).current_public();
    assert!(read(&good).is_ok());
    for bad in [
        changed("/server_name", json!("b.org")),
        changed("/valid_until_ts", json!(NOW_MS + 1)),
        changed("/verify_keys/ed25519:1/key", json!(other_key)),
        changed("/verify_keys/ed25519:1/key", json!("AAAA")),
        changed("/signatures", json!({})),
        changed("/signatures/a.org/ed25519:1", json!("AAAA")),
    ] {
        assert!(read(&bad).is_err(), "{bad}");
    }
}

#[test]
fn t30_a_retired_key_is_good_for_its_own_time_only() {
    let old = KeyRow { key: String::new(), valid_until_ms: 1_000, is_old: true };
    let current = KeyRow { key: String::new(), valid_until_ms: u64::MAX, is_old: false };
    let week_ms = KEY_VALIDITY_MS_MAX;
    let table = [
        (&old, Some(1_000), true),
        (&old, Some(1_001), false),
        (&old, None, true),
        (&current, Some(NOW_MS), true),
        (&current, Some(NOW_MS + week_ms), true),
        (&current, Some(NOW_MS + week_ms + 1), false),
    ];
    for (key, at_ms, expected) in table {
        assert_eq!(is_valid(key, at_ms, NOW_MS), expected, "{at_ms:?}");
    }
}

#[test]
fn keys_that_a_server_no_longer_mentions_are_kept() {
    let mut known = read(&published(vec![])).unwrap();
    let gone = KeyRow { key: "x".to_owned(), valid_until_ms: 7, is_old: false };
    known.keys.insert("ed25519:gone".to_owned(), gone.clone());
    let merged = answer::merge(read(&published(vec![])).unwrap(), Some(&known));
    assert_eq!(merged.keys["ed25519:gone"], gone);
    assert_eq!(merged.keys.len(), 2);
}
