//! How the platform encrypts and signs what it posts.

use aes::Aes256;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use cbc::cipher::block_padding::Pkcs7;
use cbc::cipher::{BlockEncryptMut as _, KeyIvInit as _};
use sha2::{Digest as _, Sha256};

const BLOCK_BYTES: usize = 16;

/// Lowercase hexadecimal digits.
pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// The first `digits` digits of the SHA-256 of the parts, for ids that follow from others.
pub(crate) fn derived(parts: &[&str], digits: usize) -> String {
    let mut hash = Sha256::new();
    for part in parts {
        hash.update(part.as_bytes());
        hash.update([0]);
    }
    let mut text = hex(&hash.finalize());
    text.truncate(digits);
    text
}

/// `plaintext` as the value of `encrypt`: base64 of the vector and of AES-256-CBC under the SHA-256 of the key.
pub(crate) fn encrypt(encrypt_key: &str, vector: [u8; BLOCK_BYTES], plaintext: &[u8]) -> String {
    let key = Sha256::digest(encrypt_key.as_bytes());
    let mut bytes = vector.to_vec();
    bytes.extend_from_slice(plaintext);
    bytes.resize(BLOCK_BYTES + (plaintext.len() / BLOCK_BYTES + 1) * BLOCK_BYTES, 0);
    let mut key_bytes = [0; 32];
    key_bytes.copy_from_slice(&key);
    let cipher = cbc::Encryptor::<Aes256>::new(&key_bytes.into(), &vector.into());
    match cipher.encrypt_padded_mut::<Pkcs7>(&mut bytes[BLOCK_BYTES..], plaintext.len()) {
        Ok(_) => STANDARD.encode(&bytes),
        Err(_) => String::new(),
    }
}

/// The value of `X-Lark-Signature`.
pub(crate) fn signature(timestamp: &str, nonce: &str, encrypt_key: &str, body: &[u8]) -> String {
    let mut hash = Sha256::new();
    hash.update(timestamp.as_bytes());
    hash.update(nonce.as_bytes());
    hash.update(encrypt_key.as_bytes());
    hash.update(body);
    hex(&hash.finalize())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_published_vector_comes_out_of_its_own_initialisation_vector() {
        let published = "P37w+VZImNgPEO1RBhJ6RtKl7n6zymIbEG1pReEzghk=";
        let mut vector = [0; BLOCK_BYTES];
        vector.copy_from_slice(&STANDARD.decode(published).unwrap()[..BLOCK_BYTES]);
        assert_eq!(encrypt("test key", vector, b"hello world"), published);
    }

    #[test]
    fn a_signature_is_the_hash_of_the_four_parts_one_after_another() {
        // SHA-256 of "abc".
        let expected = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
        assert_eq!(signature("a", "b", "", b"c"), expected);
        assert_ne!(signature("a", "b", "k", b"c"), expected);
    }

    #[test]
    fn a_derived_id_keeps_its_parts_apart() {
        assert_eq!(derived(&["a", "b"], 32), derived(&["a", "b"], 32));
        assert_ne!(derived(&["a", "b"], 32), derived(&["ab", ""], 32));
    }
}
