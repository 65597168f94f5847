//! Keys that really sign, for scenarios of end-to-end encryption.

use ruma::{
    CanonicalJsonObject,
    serde::Base64,
    signatures::{Ed25519KeyPair, KeyPair as _, to_canonical_json_string_for_signing},
};
use serde_json::{Value, json};

use crate::User;

/// The ed25519 key of this number as a PKCS#8 document; the same number is the same key.
#[must_use]
pub fn key_document(number: u8) -> Vec<u8> {
    // Version 1: a fixed head, then the 32 secret bytes.
    let head = [0x30, 0x2e, 2, 1, 0, 0x30, 5, 6, 3, 0x2b, 0x65, 0x70, 4, 0x22, 4, 0x20];
    [head.as_slice(), &[number; 32]].concat()
}

/// An ed25519 key.
pub struct SigningKey(Ed25519KeyPair);

impl SigningKey {
    /// The key of this number; the same number is the same key.
    #[must_use]
    pub fn new(number: u8) -> Self {
        let document = key_document(number);
        Self(Ed25519KeyPair::from_der(&document, "1".to_owned()).expect("32 bytes are a key"))
    }

    /// The public key in unpadded base64.
    #[must_use]
    pub fn public(&self) -> String {
        base64(&self.0.public_key())
    }

    /// Adds this key's signature to an object, under the name `ed25519:{name}`.
    pub fn sign(&self, object: &mut Value, user: &str, name: &str) {
        let canonical: CanonicalJsonObject =
            serde_json::from_value(object.clone()).expect("what is signed is canonical JSON");
        let text = to_canonical_json_string_for_signing(&canonical).expect("an object can be written");
        let signature = base64(self.0.sign(text.as_bytes()).as_bytes());
        object["signatures"][user][format!("ed25519:{name}")] = json!(signature);
    }

    /// Identity keys of a device, signed by this key as the device's own.
    #[must_use]
    pub fn device_keys(&self, user: &str, device: &str) -> Value {
        let mut keys = json!({
            "user_id": user,
            "device_id": device,
            "algorithms": ["m.olm.v1.curve25519-aes-sha2", "m.megolm.v1.aes-sha2"],
            "keys": {
                format!("ed25519:{device}"): self.public(),
                format!("curve25519:{device}"): base64(&[9; 32]),
            },
        });
        self.sign(&mut keys, user, device);
        keys
    }

    /// The identity keys of the device that this client is.
    #[must_use]
    pub fn keys_of(&self, user: &User) -> Value {
        self.device_keys(&user.id, &user.device_id)
    }

    /// One-time keys of a device with these numbers as their ids, signed by this key as the device's own.
    #[must_use]
    pub fn one_time_keys(&self, user: &str, device: &str, numbers: std::ops::Range<u32>) -> Value {
        let keys = numbers.map(|number| {
            let mut bytes = [7; 32];
            bytes[..4].copy_from_slice(&number.to_be_bytes());
            let mut key = json!({ "key": base64(&bytes) });
            self.sign(&mut key, user, device);
            (format!("signed_curve25519:{number:06}"), key)
        });
        Value::Object(keys.collect())
    }

    /// This key as a cross-signing key for `usage` (`master`, `self_signing`, `user_signing`).
    #[must_use]
    pub fn cross_signing_key(&self, user: &str, usage: &str) -> Value {
        let public = self.public();
        json!({ "user_id": user, "usage": [usage], "keys": { format!("ed25519:{public}"): public } })
    }
}

fn base64(bytes: &[u8]) -> String {
    Base64::<ruma::serde::base64::Standard, _>::new(bytes.to_vec()).encode()
}
