//! Signed JSON: the gate that every key object passes before it is stored.
//!
//! Pure functions. An object is parsed into its canonical form, which refuses floats and integers beyond 2^53 − 1,
//! because two parsers could read those differently and a signature would hold for one and not for the other.
//! <https://spec.matrix.org/v1.19/appendices/#signing-json>

use ruma::{
    CanonicalJsonObject, CanonicalJsonValue, SigningKeyAlgorithm, UserId,
    serde::Base64,
    signatures::{to_canonical_json_string_for_signing, verify_canonical_json_bytes},
};

use crate::{
    KeysError,
    limits::{KEY_ENTRIES_MAX, KEY_ID_BYTES_MAX, KEY_TEXT_BYTES_MAX},
};

/// Bytes of an ed25519 or curve25519 public key.
const PUBLIC_KEY_BYTES: usize = 32;

/// A key object whose `signatures`, if it has any, are well-formed.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct Signed {
    what: &'static str,
    object: CanonicalJsonObject,
}

/// What one signature is worth.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Signature {
    /// Nobody signed with this key.
    Absent,
    /// It holds.
    Valid,
    /// It does not hold.
    Forged,
}

impl Signed {
    /// Reads an object from JSON of at most `bytes_max` bytes. What servers add (`unsigned`) is left out.
    pub fn parse(json: &str, what: &'static str, bytes_max: usize) -> Result<Self, KeysError> {
        if json.len() > bytes_max {
            return Err(KeysError::TooLarge { what, size: json.len(), max: bytes_max });
        }
        let mut object: CanonicalJsonObject = serde_json::from_str(json)
            .map_err(|error| KeysError::BadJson { what, problem: error.to_string() })?;
        object.remove("unsigned");
        let signed = Self { what, object };
        signed.check_signatures()?;
        Ok(signed)
    }

    /// The canonical JSON of everything.
    pub fn text(&self) -> String {
        serde_json::to_string(&self.object).unwrap_or_default()
    }

    /// The canonical JSON that signatures are made over.
    pub fn signed_text(&self) -> String {
        to_canonical_json_string_for_signing(&self.object).unwrap_or_default()
    }

    /// A text field that must be there.
    pub fn required_text(&self, key: &str) -> Result<&str, KeysError> {
        match self.object.get(key) {
            Some(CanonicalJsonValue::String(text)) if text.len() <= KEY_TEXT_BYTES_MAX => Ok(text),
            Some(CanonicalJsonValue::String(text)) => Err(self.text_too_large(text)),
            Some(_) | None => Err(self.bad(format!("`{key}` must be a string"))),
        }
    }

    /// A list of texts that must be there.
    pub fn required_list(&self, key: &str) -> Result<Vec<&str>, KeysError> {
        let Some(CanonicalJsonValue::Array(items)) = self.object.get(key) else {
            return Err(self.bad(format!("`{key}` must be a list of strings")));
        };
        self.check_entries(items.len())?;
        let texts = items.iter().map(|item| match item {
            CanonicalJsonValue::String(text) if text.len() <= KEY_TEXT_BYTES_MAX => Ok(text.as_str()),
            CanonicalJsonValue::String(text) => Err(self.text_too_large(text)),
            _ => Err(self.bad(format!("`{key}` must hold strings only"))),
        });
        texts.collect()
    }

    /// A map from key ids to texts that must be there.
    pub fn required_map(&self, key: &str) -> Result<Vec<(&str, &str)>, KeysError> {
        let Some(CanonicalJsonValue::Object(entries)) = self.object.get(key) else {
            return Err(self.bad(format!("`{key}` must be an object of strings")));
        };
        self.texts_of(entries, key)
    }

    /// Whether there are signatures at all, be it none of anybody.
    pub fn has_signatures(&self) -> bool {
        self.object.contains_key("signatures")
    }

    /// The signatures of one user, as (key id, signature).
    pub fn signatures_of(&self, user: &UserId) -> Vec<(&str, &str)> {
        let Some(CanonicalJsonValue::Object(by_user)) = self.object.get("signatures") else {
            return Vec::new();
        };
        let Some(CanonicalJsonValue::Object(by_key)) = by_user.get(user.as_str()) else { return Vec::new() };
        let texts = by_key.iter().filter_map(|(id, signature)| match signature {
            CanonicalJsonValue::String(text) => Some((id.as_str(), text.as_str())),
            _ => None,
        });
        texts.collect()
    }

    /// What the user's signature with this ed25519 key is worth.
    pub fn signature(&self, user: &UserId, key_id: &str, public_key: &str) -> Signature {
        let signatures = self.signatures_of(user);
        let Some((_, signature)) = signatures.into_iter().find(|(id, _)| *id == key_id) else {
            return Signature::Absent;
        };
        if is_valid(public_key, signature, self.signed_text().as_bytes()) {
            Signature::Valid
        } else {
            Signature::Forged
        }
    }

    /// Drops the signatures of everybody else: those come by another way, which checks them.
    pub fn keep_signatures_of(&mut self, user: &UserId) {
        if let Some(CanonicalJsonValue::Object(by_user)) = self.object.get_mut("signatures") {
            by_user.retain(|signer, _| signer == user.as_str());
        }
    }

    /// Adds a signature that was checked before.
    pub fn add_signature(&mut self, user: &UserId, key_id: &str, signature: &str) {
        let empty = || CanonicalJsonValue::Object(CanonicalJsonObject::new());
        let by_user = self.object.entry("signatures".to_owned()).or_insert_with(empty);
        let CanonicalJsonValue::Object(by_user) = by_user else { return };
        let by_key = by_user.entry(user.to_string()).or_insert_with(empty);
        if let CanonicalJsonValue::Object(by_key) = by_key {
            by_key.insert(key_id.to_owned(), CanonicalJsonValue::String(signature.to_owned()));
        }
    }

    /// Puts the device's name where clients look for it.
    pub fn set_display_name(&mut self, name: &str) {
        let name = CanonicalJsonValue::String(name.to_owned());
        let unsigned = CanonicalJsonObject::from([("device_display_name".to_owned(), name)]);
        self.object.insert("unsigned".to_owned(), CanonicalJsonValue::Object(unsigned));
    }

    /// An error about this object.
    pub fn bad(&self, problem: String) -> KeysError {
        KeysError::BadJson { what: self.what, problem }
    }

    fn check_signatures(&self) -> Result<(), KeysError> {
        let by_user = match self.object.get("signatures") {
            None => return Ok(()),
            Some(CanonicalJsonValue::Object(by_user)) => by_user,
            Some(_) => return Err(self.bad("`signatures` must be an object".to_owned())),
        };
        self.check_entries(by_user.len())?;
        for by_key in by_user.values() {
            let CanonicalJsonValue::Object(by_key) = by_key else {
                return Err(self.bad("`signatures` must hold an object for each user".to_owned()));
            };
            self.texts_of(by_key, "signatures")?;
        }
        Ok(())
    }

    fn texts_of<'a>(
        &self,
        entries: &'a CanonicalJsonObject,
        key: &str,
    ) -> Result<Vec<(&'a str, &'a str)>, KeysError> {
        self.check_entries(entries.len())?;
        let texts = entries.iter().map(|(id, value)| match value {
            _ if id.len() > KEY_ID_BYTES_MAX => Err(self.text_too_large(id)),
            CanonicalJsonValue::String(text) if text.len() <= KEY_TEXT_BYTES_MAX => Ok((&**id, &**text)),
            CanonicalJsonValue::String(text) => Err(self.text_too_large(text)),
            _ => Err(self.bad(format!("`{key}` must hold strings only"))),
        });
        texts.collect()
    }

    fn check_entries(&self, count: usize) -> Result<(), KeysError> {
        if count > KEY_ENTRIES_MAX {
            return Err(KeysError::TooLarge { what: self.what, size: count, max: KEY_ENTRIES_MAX });
        }
        Ok(())
    }

    fn text_too_large(&self, text: &str) -> KeysError {
        KeysError::TooLarge { what: self.what, size: text.len(), max: KEY_TEXT_BYTES_MAX }
    }
}

/// Whether the text is the unpadded base64 of a public key.
pub(crate) fn is_public_key(text: &str) -> bool {
    Base64::<ruma::serde::base64::Standard>::parse(text)
        .is_ok_and(|bytes| bytes.as_bytes().len() == PUBLIC_KEY_BYTES)
}

fn is_valid(public_key: &str, signature: &str, signed: &[u8]) -> bool {
    type Standard = Base64<ruma::serde::base64::Standard>;
    let (Ok(public_key), Ok(signature)) = (Standard::parse(public_key), Standard::parse(signature)) else {
        return false;
    };
    verify_canonical_json_bytes(
        &SigningKeyAlgorithm::Ed25519,
        public_key.as_bytes(),
        signature.as_bytes(),
        signed,
    )
    .is_ok()
}

#[cfg(test)]
mod tests {
    use ruma::user_id;
    use serde_json::json;

    use super::*;
    use crate::test_support::Signer;

    fn parse(json: &str) -> Result<Signed, KeysError> {
        Signed::parse(json, "a key", 10_000)
    }

    #[test]
    fn what_has_no_canonical_form_is_refused() {
        for json in [
            "",
            "null",
            "[]",
            "7",
            "\"text\"",
            r#"{"a":1.5}"#,
            r#"{"a":1e3}"#,
            r#"{"a":9007199254740993}"#,
            r#"{"a":-9007199254740992}"#,
            r#"{"a":18446744073709551616}"#,
            r#"{"a":{"b":[0.1]}}"#,
            r#"{"signatures":[]}"#,
            r#"{"signatures":{"@a:b":"x"}}"#,
            r#"{"signatures":{"@a:b":{"ed25519:X":7}}}"#,
            r#"{"signatures":null}"#,
        ] {
            assert!(matches!(parse(json), Err(KeysError::BadJson { .. })), "{json}");
        }
    }

    #[test]
    fn sizes_are_bounded() {
        let long = format!(r#"{{"a":"{}"}}"#, "x".repeat(10_000));
        assert!(matches!(parse(&long), Err(KeysError::TooLarge { .. })));
        let signatures: serde_json::Map<_, _> =
            (0..=KEY_ENTRIES_MAX).map(|n| (format!("@u{n}:x"), json!({}))).collect();
        let many = json!({ "signatures": signatures }).to_string();
        assert!(matches!(parse(&many), Err(KeysError::TooLarge { .. })));
    }

    #[test]
    fn a_signature_holds_for_its_key_and_its_object_alone() {
        let alice = user_id!("@alice:lian.example");
        let (signer, other) = (Signer::new(1), Signer::new(2));
        let mut value = json!({ "keys": { "a": "b" }, "unsigned": { "free": 1 } });
        signer.sign(&mut value, alice, "ed25519:A");
        let signed = parse(&value.to_string()).expect("a signed object");
        assert_eq!(signed.signature(alice, "ed25519:A", &signer.public_key()), Signature::Valid);
        assert_eq!(signed.signature(alice, "ed25519:A", &other.public_key()), Signature::Forged);
        assert_eq!(signed.signature(alice, "ed25519:A", "no key"), Signature::Forged);
        assert_eq!(signed.signature(alice, "ed25519:B", &signer.public_key()), Signature::Absent);
        let bob = user_id!("@bob:lian.example");
        assert_eq!(signed.signature(bob, "ed25519:A", &signer.public_key()), Signature::Absent);
        value["keys"]["a"] = json!("c");
        let changed = parse(&value.to_string()).expect("a signed object");
        assert_eq!(changed.signature(alice, "ed25519:A", &signer.public_key()), Signature::Forged);
    }

    #[test]
    fn public_keys_are_32_bytes() {
        let key = Signer::new(1).public_key();
        assert!(is_public_key(&key));
        for text in ["", "AAAA", "not base64!", &format!("{key}{key}")] {
            assert!(!is_public_key(text), "{text}");
        }
    }
}
