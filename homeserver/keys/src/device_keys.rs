//! Identity keys of devices: what an upload must look like, and where they are kept.
//! <https://spec.matrix.org/v1.19/client-server-api/#device-keys>

use ruma::{DeviceId, UserId};
use store::{Reader, StoreError};

use crate::{
    Keys, KeysError,
    limits::DEVICE_KEYS_BYTES_MAX,
    signed::{Signature, Signed, is_public_key},
    tables::DEVICE_KEYS,
};

const WHAT: &str = "device_keys";

/// Identity keys that passed every check.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct DeviceKeys {
    pub signed: Signed,
    /// The ed25519 key that the device signs with.
    pub ed25519: String,
    /// The keys as they are named, to tell a new identity from a new list of algorithms.
    pub keys: Vec<(String, String)>,
}

impl DeviceKeys {
    /// Checks keys that `user` uploads for `device`.
    ///
    /// A self-signature that is there must hold. One that is not there is let pass: clients check it themselves and
    /// refuse to talk to the device, and so no one but its owner is worse off.
    pub fn check(json: &str, user: &UserId, device: &DeviceId) -> Result<Self, KeysError> {
        let mut signed = Signed::parse(json, WHAT, DEVICE_KEYS_BYTES_MAX)?;
        let (owner, id) = (signed.required_text("user_id")?, signed.required_text("device_id")?);
        if owner != user.as_str() {
            return Err(KeysError::InvalidParam("the device keys belong to another user"));
        }
        if id != device.as_str() {
            return Err(KeysError::InvalidParam("the device keys belong to another device"));
        }
        signed.required_list("algorithms")?;
        if !signed.has_signatures() {
            return Err(signed.bad("`signatures` must be an object".to_owned()));
        }
        signed.keep_signatures_of(user);
        let keys = Self::of(signed, device)?;
        let key_id = format!("ed25519:{device}");
        match keys.signed.signature(user, &key_id, &keys.ed25519) {
            Signature::Valid | Signature::Absent => Ok(keys),
            Signature::Forged => Err(KeysError::InvalidSignature("the device keys' own signature is wrong")),
        }
    }

    fn of(signed: Signed, device: &DeviceId) -> Result<Self, KeysError> {
        let suffix = format!(":{device}");
        let mut keys = Vec::new();
        for (id, key) in signed.required_map("keys")? {
            if !id.ends_with(&suffix) {
                return Err(signed.bad(format!("`keys` names {id}, which is no key of {device}")));
            }
            if (id.starts_with("ed25519:") || id.starts_with("curve25519:")) && !is_public_key(key) {
                return Err(signed.bad(format!("{id} is not the unpadded base64 of a key")));
            }
            keys.push((id.to_owned(), key.to_owned()));
        }
        let own = format!("ed25519{suffix}");
        let Some(ed25519) = keys.iter().find(|(id, _)| *id == own).map(|(_, key)| key.clone()) else {
            return Err(signed.bad(format!("`keys` must hold {own}")));
        };
        Ok(Self { signed, ed25519, keys })
    }
}

impl Keys {
    /// The identity keys of a device as they are stored.
    pub(crate) async fn stored_device_keys(
        &self,
        reader: &Reader,
        user: &UserId,
        device: &DeviceId,
    ) -> Result<Option<DeviceKeys>, KeysError> {
        let key = (user.to_owned(), device.to_owned());
        let Some(text) = reader.get(&DEVICE_KEYS, &key).await? else { return Ok(None) };
        let parsed = Signed::parse(&text, WHAT, usize::MAX).and_then(|signed| DeviceKeys::of(signed, device));
        match parsed {
            Ok(keys) => Ok(Some(keys)),
            Err(error) => {
                let detail = error.to_string().into();
                Err(StoreError::Corrupt { table: "device_keys", detail }.into())
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use ruma::{device_id, user_id};
    use serde_json::{Value, json};

    use super::*;
    use crate::test_support::Signer;

    fn alice() -> (&'static UserId, &'static DeviceId) {
        (user_id!("@alice:lian.example"), device_id!("LAPTOP"))
    }

    fn check(value: &Value) -> Result<DeviceKeys, KeysError> {
        DeviceKeys::check(&value.to_string(), alice().0, alice().1)
    }

    #[test]
    fn real_keys_pass_with_everything_they_sign() {
        let signer = Signer::new(1);
        let mut keys = signer.device_keys(alice().0, alice().1);
        keys["dehydrated"] = json!(true);
        signer.sign(&mut keys, alice().0, "ed25519:LAPTOP");
        keys["unsigned"] = json!({ "device_display_name": "liar" });
        keys["signatures"]["@mallory:lian.example"] = json!({ "ed25519:M": "AAAA" });
        let checked = check(&keys).expect("good keys");
        assert_eq!(checked.ed25519, signer.public_key());
        let stored: Value = serde_json::from_str(&checked.signed.text()).expect("JSON");
        assert_eq!(stored["dehydrated"], true, "signed fields stay");
        assert_eq!(stored.get("unsigned"), None);
        assert_eq!(stored["signatures"].get("@mallory:lian.example"), None);
    }

    #[test]
    fn garbage_is_told_apart_from_lies() {
        let good = Signer::new(1).device_keys(alice().0, alice().1);
        type Change = fn(&mut Value);
        let bad: [(&str, Change); 11] = [
            ("no algorithms", |keys| _ = keys.as_object_mut().expect("object").remove("algorithms")),
            ("algorithms of numbers", |keys| keys["algorithms"] = json!([1])),
            ("no keys", |keys| _ = keys.as_object_mut().expect("object").remove("keys")),
            ("keys of objects", |keys| keys["keys"]["ed25519:LAPTOP"] = json!({})),
            ("a key of another device", |keys| keys["keys"]["ed25519:PHONE"] = json!("AAAA")),
            ("a short key", |keys| keys["keys"]["ed25519:LAPTOP"] = json!("AAAA")),
            ("a short curve key", |keys| keys["keys"]["curve25519:LAPTOP"] = json!("AAAA")),
            ("no signatures", |keys| _ = keys.as_object_mut().expect("object").remove("signatures")),
            ("signatures of numbers", |keys| keys["signatures"] = json!({ "@alice:lian.example": 1 })),
            ("a float", |keys| keys["extra"] = json!(0.5)),
            ("a user id that is a list", |keys| keys["user_id"] = json!([])),
        ];
        for (what, change) in bad {
            let mut keys = good.clone();
            change(&mut keys);
            let refused = check(&keys);
            assert!(matches!(refused, Err(KeysError::BadJson { .. })), "{what}: {refused:?}");
        }
        let mut foreign = good.clone();
        foreign["user_id"] = json!("@bob:lian.example");
        assert!(matches!(check(&foreign), Err(KeysError::InvalidParam(_))));
        let mut other = good.clone();
        other["device_id"] = json!("PHONE");
        assert!(matches!(check(&other), Err(KeysError::InvalidParam(_))));
        let mut forged = good;
        forged["algorithms"] = json!(["m.something.else"]);
        assert!(matches!(check(&forged), Err(KeysError::InvalidSignature(_))));
    }
}
