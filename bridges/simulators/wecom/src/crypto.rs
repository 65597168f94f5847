//! How the platform signs and encrypts what it posts, what it reads of answers, and how files for bots are encrypted.

use aes::Aes256;
use base64::Engine as _;
use base64::alphabet::STANDARD as ALPHABET;
use base64::engine::general_purpose::{GeneralPurpose, GeneralPurposeConfig, STANDARD};
use cbc::cipher::block_padding::NoPadding;
use cbc::cipher::{BlockDecryptMut as _, BlockEncryptMut as _, KeyIvInit as _};
use sha1::{Digest as _, Sha1};

/// The padding's own block, twice the cipher's.
const PADDED_BYTES: usize = 32;
/// The random bytes and the length before a text.
const HEAD_BYTES: usize = 20;
const KEY_CHARACTERS: usize = 43;

/// The last character of a key may carry bits that a strict reader of base64 refuses.
const LENIENT: GeneralPurpose =
    GeneralPurpose::new(&ALPHABET, GeneralPurposeConfig::new().with_decode_allow_trailing_bits(true));

/// Thirty-two bytes that encrypt; the first sixteen are the vector too.
pub(crate) type Key = [u8; 32];

/// Lowercase hexadecimal digits.
pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// The digits of MD5, by which files are named.
pub(crate) fn md5(bytes: &[u8]) -> String {
    hex(&md5::Md5::digest(bytes))
}

/// The signature of something encrypted.
pub(crate) fn signature(token: &str, timestamp: &str, nonce: &str, encrypted: &str) -> String {
    let mut parts = [token, timestamp, nonce, encrypted];
    parts.sort_unstable();
    hex(&Sha1::digest(parts.concat().as_bytes()))
}

/// The key behind the 43 characters of an EncodingAESKey; nothing when they are not a key.
pub(crate) fn key(encoding_aes_key: &str) -> Option<Key> {
    let right = encoding_aes_key.len() == KEY_CHARACTERS;
    let bytes = right.then(|| LENIENT.decode(format!("{encoding_aes_key}=")).ok()).flatten()?;
    bytes.try_into().ok()
}

fn encrypt(key: &Key, mut padded: Vec<u8>) -> Option<Vec<u8>> {
    let mut vector = [0; 16];
    vector.copy_from_slice(&key[..16]);
    let length = padded.len();
    let cipher = cbc::Encryptor::<Aes256>::new(key.into(), &vector.into());
    cipher.encrypt_padded_mut::<NoPadding>(&mut padded, length).ok()?;
    Some(padded)
}

/// Adds one to thirty-two bytes, each of the value of their number, or of `wrong` where a fault wants that.
fn pad(mut bytes: Vec<u8>, wrong: Option<u8>) -> Option<Vec<u8>> {
    let padding = PADDED_BYTES - bytes.len() % PADDED_BYTES;
    let length = bytes.len() + padding;
    bytes.resize(length, wrong.or(u8::try_from(padding).ok())?);
    Some(bytes)
}

/// Encrypts `text` for the receiver `receive_id`; nothing when the key is none. `wrong_padding` is a fault's.
pub(crate) fn seal(
    key: &Key,
    random: [u8; 16],
    text: &str,
    receive_id: &str,
    wrong_padding: Option<u8>,
) -> Option<String> {
    let mut bytes = random.to_vec();
    bytes.extend_from_slice(&u32::try_from(text.len()).ok()?.to_be_bytes());
    bytes.extend_from_slice(text.as_bytes());
    bytes.extend_from_slice(receive_id.as_bytes());
    Some(STANDARD.encode(encrypt(key, pad(bytes, wrong_padding)?)?))
}

/// The text and the receiver of what was encrypted, or why it cannot be read.
pub(crate) fn open(key: &Key, encrypted: &str) -> Result<(String, String), &'static str> {
    let mut bytes = STANDARD.decode(encrypted).map_err(|_| "it is not base64")?;
    let mut vector = [0; 16];
    vector.copy_from_slice(&key[..16]);
    let cipher = cbc::Decryptor::<Aes256>::new(key.into(), &vector.into());
    let plain = cipher.decrypt_padded_mut::<NoPadding>(&mut bytes).map_err(|_| "it is no whole block")?;
    let padding = plain.last().copied().map_or(0, usize::from);
    let padded = (1..=PADDED_BYTES).contains(&padding) && padding <= plain.len();
    let (content, pad) = plain.split_at(if padded { plain.len() - padding } else { 0 });
    if !padded || pad.iter().any(|byte| usize::from(*byte) != padding) {
        return Err("the padding is wrong");
    }
    let length: [u8; 4] =
        content.get(16..HEAD_BYTES).and_then(|length| length.try_into().ok()).ok_or("it is too short")?;
    let end = HEAD_BYTES.saturating_add(u32::from_be_bytes(length) as usize);
    let text = content.get(HEAD_BYTES..end).ok_or("its length is wrong")?;
    let read = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).map_err(|_| "it is not UTF-8");
    Ok((read(text)?, read(&content[end..])?))
}

/// Encrypts a file for a bot: no random bytes, no length, the padding alone.
pub(crate) fn seal_file(key: &Key, bytes: &[u8], wrong_padding: Option<u8>) -> Option<Vec<u8>> {
    encrypt(key, pad(bytes.to_vec(), wrong_padding)?)
}

/// How a bot is told the key of a file: base64 that lacks the equals sign at its end.
pub(crate) fn spoken(key: &Key) -> String {
    STANDARD.encode(key).trim_end_matches('=').to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEY: &str = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8";

    #[test]
    fn encrypted_texts_are_those_that_are_published() {
        let vectors = [
            (
                "echo-4711",
                "ww1234567890abcdef",
                "4j/AuRx71kQlxVlzbpsMWJPzFKGaqdwn3+dBvT2xqUOuprSQP8IPcXAdsXYq8pKrq/CjzjSSPNSXesIGHee7cA==",
                "87ceeaa1391089e7b08a8631ee04f1f298ad08b2",
            ),
            (
                r#"{"msgtype":"text"}"#,
                "",
                "4j/AuRx71kQlxVlzbpsMWBISlvomC6YoH8j5nFCfw7DZ/Is91fYwteHV/AkIXJdXMKgFtYaSiO2hYFvak58dnw==",
                "d90c7cbbae4d80eee73a0a5a1ecb248d137316f0",
            ),
            (
                "xxxxxxxxxxxx",
                "",
                "4j/AuRx71kQlxVlzbpsMWHm682cz6RRSbI+nKwdnnCWiMQcqNVRzRH5V1OVnIPtQ0RBAU6gP+dl/csw25VcjJg==",
                "900a7205615330a7c854b2955036ebe6387b5946",
            ),
        ];
        let key = key(KEY).unwrap();
        for (text, receive_id, encrypted, signed) in vectors {
            let sealed = seal(&key, *b"0123456789abcdef", text, receive_id, None).unwrap();
            assert_eq!(sealed, encrypted);
            assert_eq!(signature("SimToken01", "1700000000", "n0nce42", &sealed), signed);
            assert_eq!(open(&key, encrypted), Ok((text.to_owned(), receive_id.to_owned())));
        }
    }

    #[test]
    fn files_of_bots_are_those_that_are_published() {
        let key = key(KEY).unwrap();
        let sealed = seal_file(&key, b"hello wecom", None).unwrap();
        assert_eq!(hex(&sealed), "6c18ef7939e6c90b61105034be4971e0bc934565924a5ed562eeb5da8c771a03");
        assert_eq!(STANDARD.decode(format!("{}=", spoken(&key))).unwrap(), key);
    }

    #[test]
    fn a_key_may_end_in_bits_that_nobody_uses() {
        let odd = key("jWmYm7qr5nMoAUwZRjGtBxmz3KA1tkAj3ykkR6q2B2C").unwrap();
        assert_eq!(Some(odd), key("jWmYm7qr5nMoAUwZRjGtBxmz3KA1tkAj3ykkR6q2B2A"));
        assert_eq!(key("too short"), None);
    }

    #[test]
    fn what_was_not_encrypted_by_the_key_is_not_read() {
        let right = key(KEY).unwrap();
        let other = [7; 32];
        let sealed = seal(&other, [1; 16], "text", "corp", None).unwrap();
        assert!(open(&right, &sealed).is_err());
        assert!(open(&right, "").is_err());
        assert!(open(&right, "AAAA").is_err());
        let flawed = seal(&right, [1; 16], "text", "corp", Some(0)).unwrap();
        assert_eq!(open(&right, &flawed), Err("the padding is wrong"));
    }
}
