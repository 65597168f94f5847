//! What shows that a webhook's request is the platform's: decryption, signature, token. Everything in constant time
//! that a guesser could measure.

use aes::cipher::{BlockDecryptMut as _, KeyIvInit as _, block_padding::Pkcs7};
use base64::Engine as _;
use sha2::{Digest as _, Sha256};
use subtle::ConstantTimeEq as _;
use zeroize::Zeroizing;

/// Decrypts the text of `encrypt`: base64 of an initial vector and AES-256-CBC under the digest of the key.
pub fn decrypt(encrypt_key: &str, encrypted: &str) -> Option<Vec<u8>> {
    let key: Zeroizing<[u8; 32]> = Zeroizing::new(Sha256::digest(encrypt_key.as_bytes()).into());
    let bytes = base64::engine::general_purpose::STANDARD.decode(encrypted).ok()?;
    let (vector, text) = bytes.split_at_checked(16)?;
    let cipher = cbc::Decryptor::<aes::Aes256>::new_from_slices(key.as_slice(), vector).ok()?;
    let mut text = text.to_vec();
    let length = cipher.decrypt_padded_mut::<Pkcs7>(&mut text).ok()?.len();
    text.truncate(length);
    Some(text)
}

/// Whether a signature is the digest of time, nonce, key and the raw body, one behind the other.
pub fn is_signed(timestamp: &str, nonce: &str, encrypt_key: &str, body: &[u8], signature: &str) -> bool {
    let mut digest = Sha256::new();
    for part in [timestamp.as_bytes(), nonce.as_bytes(), encrypt_key.as_bytes(), body] {
        digest.update(part);
    }
    let expected = digest.finalize().iter().map(|byte| format!("{byte:02x}")).collect::<String>();
    same(&expected, signature)
}

/// Whether two texts are the same, in a time that tells nothing but their lengths.
pub fn same(expected: &str, given: &str) -> bool {
    expected.as_bytes().ct_eq(given.as_bytes()).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_published_example_is_decrypted() {
        let text = decrypt("test key", "P37w+VZImNgPEO1RBhJ6RtKl7n6zymIbEG1pReEzghk=");
        assert_eq!(text.as_deref(), Some(&b"hello world"[..]));
    }

    #[test]
    fn what_was_not_encrypted_with_the_key_is_nothing() {
        let good = "P37w+VZImNgPEO1RBhJ6RtKl7n6zymIbEG1pReEzghk=";
        for (key, text) in [
            ("another key", good),
            ("test key", "P37w"),
            ("test key", ""),
            ("test key", "no base64"),
            ("test key", "P37w+VZImNgPEO1RBhJ6Rg=="),
        ] {
            assert_ne!(decrypt(key, text).as_deref(), Some(&b"hello world"[..]), "{key} {text}");
        }
    }

    #[test]
    fn a_signature_covers_time_nonce_key_and_body() {
        // SHA-256 of "1700000000" "n1" "test key" "{\"encrypt\":\"x\"}", one behind the other.
        let signature = {
            let all = b"1700000000n1test key{\"encrypt\":\"x\"}";
            Sha256::digest(all).iter().map(|byte| format!("{byte:02x}")).collect::<String>()
        };
        let body = br#"{"encrypt":"x"}"#;
        assert!(is_signed("1700000000", "n1", "test key", body, &signature));
        for (time, nonce, key, body) in [
            ("1700000001", "n1", "test key", &body[..]),
            ("1700000000", "n2", "test key", &body[..]),
            ("1700000000", "n1", "test kez", &body[..]),
            ("1700000000", "n1", "test key", br#"{"encrypt":"y"}"#),
        ] {
            assert!(!is_signed(time, nonce, key, body, &signature));
        }
        assert!(!is_signed("1700000000", "n1", "test key", body, ""));
        assert!(!is_signed("1700000000", "n1", "test key", body, &signature.to_uppercase()));
    }
}
