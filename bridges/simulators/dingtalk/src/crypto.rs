//! How the platform signs and encrypts what it posts, and how it reads what comes back.

use aes::Aes256;
use base64::Engine as _;
use base64::alphabet::STANDARD as ALPHABET;
use base64::engine::general_purpose::{GeneralPurpose, GeneralPurposeConfig, STANDARD};
use cbc::cipher::block_padding::NoPadding;
use cbc::cipher::{BlockDecryptMut as _, BlockEncryptMut as _, KeyIvInit as _};
use hmac::{Hmac, KeyInit as _, Mac as _};
use sha1::{Digest as _, Sha1};
use sha2::Sha256;

/// The padding's own block, twice the cipher's.
const PADDED_BYTES: usize = 32;
/// The random bytes and the length before a text.
const HEAD_BYTES: usize = 20;
const KEY_CHARACTERS: usize = 43;

/// Keys of the console end in bits that a strict reader of base64 refuses.
const LENIENT: GeneralPurpose =
    GeneralPurpose::new(&ALPHABET, GeneralPurposeConfig::new().with_decode_allow_trailing_bits(true));

/// Lowercase hexadecimal digits.
pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn mac(key: &str, message: &str) -> String {
    match Hmac::<Sha256>::new_from_slice(key.as_bytes()) {
        Ok(mut mac) => {
            mac.update(message.as_bytes());
            STANDARD.encode(mac.finalize().into_bytes())
        }
        // The algorithm takes keys of any length.
        Err(_) => String::new(),
    }
}

/// The sign of a robot's callback and of a custom robot's webhook.
pub(crate) fn sign(secret: &str, timestamp_ms: &str) -> String {
    mac(secret, &format!("{timestamp_ms}\n{secret}"))
}

/// The sign of a card's callback by HTTP.
pub(crate) fn card_sign(api_secret: &str, timestamp_ms: &str) -> String {
    mac(api_secret, timestamp_ms)
}

/// The sign of an encrypted event.
pub(crate) fn event_signature(token: &str, timestamp: &str, nonce: &str, encrypted: &str) -> String {
    let mut parts = [token, timestamp, nonce, encrypted];
    parts.sort_unstable();
    hex(&Sha1::digest(parts.concat().as_bytes()))
}

/// The key behind the 43 characters that a person typed; nothing when they are not a key.
fn key(aes_key: &str) -> Option<[u8; 32]> {
    let right = aes_key.len() == KEY_CHARACTERS && aes_key.bytes().all(|byte| byte.is_ascii_alphanumeric());
    let bytes = right.then(|| LENIENT.decode(format!("{aes_key}=")).ok()).flatten()?;
    bytes.try_into().ok()
}

/// Encrypts `text` for `owner`; nothing when the key is none.
pub(crate) fn seal(aes_key: &str, random: [u8; 16], text: &str, owner: &str) -> Option<String> {
    let key = key(aes_key)?;
    let mut bytes = random.to_vec();
    bytes.extend_from_slice(&u32::try_from(text.len()).ok()?.to_be_bytes());
    bytes.extend_from_slice(text.as_bytes());
    bytes.extend_from_slice(owner.as_bytes());
    let padding = PADDED_BYTES - bytes.len() % PADDED_BYTES;
    let length = bytes.len() + padding;
    bytes.resize(length, u8::try_from(padding).ok()?);
    let mut vector = [0; 16];
    vector.copy_from_slice(&key[..16]);
    let cipher = cbc::Encryptor::<Aes256>::new(&key.into(), &vector.into());
    Some(STANDARD.encode(cipher.encrypt_padded_mut::<NoPadding>(&mut bytes, length).ok()?))
}

/// The text and the owner of what was encrypted, or why it cannot be read.
pub(crate) fn open(aes_key: &str, encrypted: &str) -> Result<(String, String), &'static str> {
    let key = key(aes_key).ok_or("the key is none")?;
    let packed: String = encrypted.chars().filter(|letter| !letter.is_whitespace()).collect();
    let mut bytes = STANDARD.decode(packed).map_err(|_| "it is not base64")?;
    let mut vector = [0; 16];
    vector.copy_from_slice(&key[..16]);
    let cipher = cbc::Decryptor::<Aes256>::new(&key.into(), &vector.into());
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

#[cfg(test)]
mod tests {
    use super::*;

    const KEY: &str = "abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG";

    #[test]
    fn signs_are_those_that_are_published() {
        let at = "1700000000000";
        assert_eq!(sign("SEC000example", at), "xyAXnOeEx8mcnUUlZoyxvRe/La8u0eqZaWsTXunfdkQ=");
        assert_eq!(card_sign("apisecret0", at), "bKwINY9Hh4rpciylxLD19xyaZDLHBWvedhmvgIqlyj4=");
    }

    #[test]
    fn encrypted_events_are_those_that_are_published() {
        let vectors = [
            (
                r#"{"EventType":"check_url"}"#,
                "Q3stYC6hdFzMh9T8HCvyDLV8JeomtQuxZLosYEI28mjzSD5UpK2hp0QUc4H6M/N5EsUBp6Ycb4lV2J6RRjfK7g==",
                "0fdaa67d5e207f6068ab6fa5fb1a50e97a0b6ada",
            ),
            (
                "success",
                "Q3stYC6hdFzMh9T8HCvyDDVB8nYie0nnKONkIDibUiRs8wfkAVxaB9/z4ptyh8JGFvULZTNnWFsEdyuFTpHNsw==",
                "fdfbed91dc8bedc72e123c2a9ec600839b2c986b",
            ),
        ];
        for (text, encrypted, signature) in vectors {
            let sealed = seal(KEY, *b"0123456789abcdef", text, "dingsimapp").unwrap();
            assert_eq!(sealed, encrypted);
            assert_eq!(event_signature("simtoken", "1700000000000", "abcd1234", &sealed), signature);
            assert_eq!(open(KEY, encrypted), Ok((text.to_owned(), "dingsimapp".to_owned())));
        }
        assert_eq!(
            hex(&key(KEY).unwrap()),
            "69b71d79f8218a39259a7a29aabb2dbafc31cb3d35db7e39ebbf3d0010831051"
        );
    }

    #[test]
    fn lengths_are_bytes_and_newlines_do_no_harm() {
        for length in 0..70 {
            let text = "钉".repeat(length);
            let mut sealed = seal(KEY, [7; 16], &text, "owner").unwrap();
            sealed.insert(20, '\n');
            assert_eq!(open(KEY, &sealed), Ok((text, "owner".to_owned())));
        }
    }

    #[test]
    fn what_was_not_encrypted_by_the_key_is_not_read() {
        let other = KEY.replace('a', "b");
        let sealed = seal(&other, [1; 16], "success", "owner").unwrap();
        assert!(open(KEY, &sealed).is_err());
        assert!(open(KEY, "").is_err());
        assert!(open(KEY, "AAAA").is_err());
        assert!(open("too short", &sealed).is_err());
        assert!(seal("not a key", [0; 16], "", "").is_none());
    }
}
