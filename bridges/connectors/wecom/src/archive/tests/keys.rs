//! Keys that open nothing but what these tests encrypt.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use bridge_api::Rng;
use rsa::{Pkcs1v15Encrypt, RsaPublicKey, pkcs8::DecodePublicKey as _};

use crate::archive::keys::Chance;

/// The private key whose public one is in the console, as PKCS#8.
pub const PRIVATE_KEY: &str = include_str!("private_key.pem");
/// Another one, as PKCS#1.
pub const OTHER_PRIVATE_KEY: &str = include_str!("other_private_key.pem");

/// The key of an entry as the platform encrypts it.
pub fn sealed(key: &str) -> String {
    let public = RsaPublicKey::from_public_key_pem(include_str!("public_key.pem")).expect("a key");
    let rng = Rng::seeded(2);
    STANDARD.encode(public.encrypt(&mut Chance(&rng), Pkcs1v15Encrypt, key.as_bytes()).expect("encrypted"))
}
