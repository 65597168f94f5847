//! One-time and fallback keys: what an upload must look like.
//! <https://spec.matrix.org/v1.19/client-server-api/#one-time-and-fallback-keys>

use ruma::{DeviceId, UserId};
use serde_json::Value;

use crate::{
    KeysError,
    limits::{KEY_ID_BYTES_MAX, ONE_TIME_KEY_BYTES_MAX},
    signed::{Signature, Signed, is_public_key},
};

const WHAT: &str = "a one-time key";
const SIGNED_CURVE25519: &str = "signed_curve25519";

/// A key that passed every check.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct NewKey {
    pub algorithm: String,
    /// Id without the algorithm.
    pub id: String,
    /// Canonical JSON: an object or a text.
    pub key: String,
}

impl NewKey {
    /// Checks a key uploaded under `full_id` (`algorithm:id`). With the device's ed25519 key at hand, a signed key
    /// must be signed with it; a device without identity keys can be talked to by nobody, so nothing is lost.
    pub fn check(
        full_id: &str,
        json: &str,
        (user, device): (&UserId, &DeviceId),
        ed25519: Option<&str>,
    ) -> Result<Self, KeysError> {
        let (algorithm, id) = split(full_id)?;
        if json.len() > ONE_TIME_KEY_BYTES_MAX {
            return Err(KeysError::TooLarge { what: WHAT, size: json.len(), max: ONE_TIME_KEY_BYTES_MAX });
        }
        let key = if json.starts_with('{') {
            check_object(algorithm, json, (user, device), ed25519)?
        } else {
            check_text(algorithm, json)?
        };
        Ok(Self { algorithm: algorithm.to_owned(), id: id.to_owned(), key })
    }

    /// Algorithm and id, as clients write it.
    pub fn full_id(&self) -> String {
        format!("{}:{}", self.algorithm, self.id)
    }
}

fn split(full_id: &str) -> Result<(&str, &str), KeysError> {
    let parts = full_id.split_once(':').filter(|(algorithm, id)| !algorithm.is_empty() && !id.is_empty());
    let Some(parts) = parts else {
        let problem = format!("{full_id:?} is not of the form algorithm:id");
        return Err(KeysError::BadJson { what: WHAT, problem });
    };
    if full_id.len() > KEY_ID_BYTES_MAX {
        let (size, max) = (full_id.len(), KEY_ID_BYTES_MAX);
        return Err(KeysError::TooLarge { what: "the id of a one-time key", size, max });
    }
    Ok(parts)
}

fn check_object(
    algorithm: &str,
    json: &str,
    (user, device): (&UserId, &DeviceId),
    ed25519: Option<&str>,
) -> Result<String, KeysError> {
    let signed = Signed::parse(json, WHAT, ONE_TIME_KEY_BYTES_MAX)?;
    let key = signed.required_text("key")?;
    if algorithm != SIGNED_CURVE25519 {
        return Ok(signed.text());
    }
    if !is_public_key(key) {
        return Err(signed.bad("`key` is not the unpadded base64 of a key".to_owned()));
    }
    if !signed.has_signatures() {
        return Err(signed.bad("`signatures` must be an object".to_owned()));
    }
    let Some(ed25519) = ed25519 else { return Ok(signed.text()) };
    match signed.signature(user, &format!("ed25519:{device}"), ed25519) {
        Signature::Valid => Ok(signed.text()),
        Signature::Absent => Err(KeysError::InvalidSignature("a one-time key is not signed by its device")),
        Signature::Forged => Err(KeysError::InvalidSignature("the signature of a one-time key is wrong")),
    }
}

fn check_text(algorithm: &str, json: &str) -> Result<String, KeysError> {
    let bad = |problem: &str| KeysError::BadJson { what: WHAT, problem: problem.to_owned() };
    match serde_json::from_str(json) {
        Ok(Value::String(_)) if algorithm == SIGNED_CURVE25519 => Err(bad("a signed key must be an object")),
        Ok(text @ Value::String(_)) => Ok(text.to_string()),
        Ok(_) | Err(_) => Err(bad("a key must be an object or a string")),
    }
}

#[cfg(test)]
mod tests {
    use ruma::{device_id, user_id};
    use serde_json::json;

    use super::*;
    use crate::test_support::Signer;

    fn alice() -> (&'static UserId, &'static DeviceId) {
        (user_id!("@alice:lian.example"), device_id!("LAPTOP"))
    }

    #[test]
    fn keys_of_the_right_form_pass() {
        let signer = Signer::new(1);
        let key = signer.one_time_key(alice().0, alice().1, 1);
        let public = signer.public_key();
        let checked = NewKey::check("signed_curve25519:AAAA", &key.to_string(), alice(), Some(&public));
        let checked = checked.expect("a good key");
        assert_eq!((checked.algorithm.as_str(), checked.id.as_str()), ("signed_curve25519", "AAAA"));
        assert_eq!(checked.full_id(), "signed_curve25519:AAAA");
        let plain = NewKey::check("curve25519:AAAA", "\"text\"", alice(), Some(&public)).expect("a key");
        assert_eq!(plain.key, "\"text\"");
        let unknown = NewKey::check("x:1", r#"{"key":"anything"}"#, alice(), None).expect("a key");
        assert_eq!(unknown.key, r#"{"key":"anything"}"#);
    }

    #[test]
    fn garbage_and_forgeries_are_refused() {
        let signer = Signer::new(1);
        let good = signer.one_time_key(alice().0, alice().1, 1).to_string();
        let public = signer.public_key();
        let check = |id: &str, json: &str| NewKey::check(id, json, alice(), Some(&public));
        let unsigned = json!({ "key": Signer::new(3).public_key(), "signatures": {} }).to_string();
        let huge = json!({ "key": "x".repeat(ONE_TIME_KEY_BYTES_MAX) }).to_string();
        let long_id = format!("signed_curve25519:{}", "A".repeat(KEY_ID_BYTES_MAX));
        for (id, json) in [
            ("noalgorithm", good.as_str()),
            (":id", &good),
            ("signed_curve25519:", &good),
            ("signed_curve25519:A", "7"),
            ("signed_curve25519:A", "\"text\""),
            ("signed_curve25519:A", "[]"),
            ("signed_curve25519:A", "{}"),
            ("signed_curve25519:A", r#"{"key":7,"signatures":{}}"#),
            ("signed_curve25519:A", r#"{"key":"AAAA","signatures":{}}"#),
            ("signed_curve25519:A", r#"{"key":{"a":1.5},"signatures":{}}"#),
        ] {
            let refused = check(id, json);
            assert!(matches!(refused, Err(KeysError::BadJson { .. })), "{id} {json}: {refused:?}");
        }
        for (id, json) in [("x:1", huge.as_str()), (&long_id, &good)] {
            assert!(matches!(check(id, json), Err(KeysError::TooLarge { .. })), "{id}");
        }
        let of_another = Signer::new(2).one_time_key(alice().0, alice().1, 1).to_string();
        for json in [&unsigned, &of_another] {
            let refused = check("signed_curve25519:A", json);
            assert!(matches!(refused, Err(KeysError::InvalidSignature(_))), "{json}: {refused:?}");
        }
    }
}
