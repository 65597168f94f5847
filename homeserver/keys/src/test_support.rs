//! Keys that sign for real, for the tests of this crate.

use ruma::{
    CanonicalJsonObject, DeviceId, UserId,
    serde::Base64,
    signatures::{Ed25519KeyPair, KeyPair as _, to_canonical_json_string_for_signing},
};
use serde_json::{Value, json};

/// An ed25519 key made of one number.
pub(crate) struct Signer(Ed25519KeyPair);

impl Signer {
    pub fn new(seed: u8) -> Self {
        // PKCS#8 version 1 of an ed25519 key: a fixed head, then the 32 secret bytes.
        let head = [0x30, 0x2e, 2, 1, 0, 0x30, 5, 6, 3, 0x2b, 0x65, 0x70, 4, 0x22, 4, 0x20];
        let document = [head.as_slice(), &[seed; 32]].concat();
        Self(Ed25519KeyPair::from_der(&document, "1".to_owned()).expect("a key"))
    }

    pub fn public_key(&self) -> String {
        base64(&self.0.public_key())
    }

    /// Adds this key's signature to the object.
    pub fn sign(&self, value: &mut Value, user: &UserId, key_id: &str) {
        let object: CanonicalJsonObject = serde_json::from_value(value.clone()).expect("canonical JSON");
        let text = to_canonical_json_string_for_signing(&object).expect("an object");
        let signature = self.0.sign(text.as_bytes());
        value["signatures"][user.as_str()][key_id] = json!(base64(signature.as_bytes()));
    }

    /// Identity keys of a device, signed by itself.
    pub fn device_keys(&self, user: &UserId, device: &DeviceId) -> Value {
        let mut keys = json!({
            "user_id": user,
            "device_id": device,
            "algorithms": ["m.olm.v1.curve25519-aes-sha2", "m.megolm.v1.aes-sha2"],
            "keys": {
                format!("ed25519:{device}"): self.public_key(),
                format!("curve25519:{device}"): base64(&[9; 32]),
            },
        });
        self.sign(&mut keys, user, &format!("ed25519:{device}"));
        keys
    }

    /// A one-time key of a device, signed by it.
    pub fn one_time_key(&self, user: &UserId, device: &DeviceId, number: u64) -> Value {
        let mut bytes = [7; 32];
        bytes[..8].copy_from_slice(&number.to_be_bytes());
        let mut key = json!({ "key": base64(&bytes) });
        self.sign(&mut key, user, &format!("ed25519:{device}"));
        key
    }
}

pub(crate) fn base64(bytes: &[u8]) -> String {
    Base64::<ruma::serde::base64::Standard, _>::new(bytes.to_vec()).encode()
}
