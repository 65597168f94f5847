//! The encryption of events over HTTP: AES-256-CBC with the platform's own envelope.

use aes::{
    Aes256,
    cipher::{BlockDecryptMut as _, BlockEncryptMut as _, KeyIvInit as _, block_padding::NoPadding},
};
use base64::{
    Engine as _, alphabet,
    engine::general_purpose::{GeneralPurpose, GeneralPurposeConfig, STANDARD},
};
use zeroize::Zeroizing;

/// Letters of the key as the console shows it.
const KEY_CHARACTERS: usize = 43;
/// The platform pads to this block, not to the cipher's.
const PADDING_BLOCK: usize = 32;
/// What stands before the message: chance, then its length.
const HEAD_BYTES: usize = 20;

/// Many keys end in bits that a strict decoder refuses.
const LOOSE: GeneralPurpose = GeneralPurpose::new(
    &alphabet::STANDARD,
    GeneralPurposeConfig::new().with_decode_allow_trailing_bits(true),
);

/// Why something is not decrypted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CryptError {
    /// The key is not 43 letters and digits.
    #[error("the key must have 43 letters and digits")]
    Key,
    /// It is no whole ciphertext.
    #[error("the ciphertext is not whole")]
    Ciphertext,
    /// What came out has not the platform's form: another key made it.
    #[error("what was encrypted has not the platform's form")]
    Plaintext,
    /// It was meant for another app or company.
    #[error("it was encrypted for somebody else")]
    Owner,
}

/// The key of one app's events.
pub struct Crypt {
    key: Zeroizing<[u8; 32]>,
    owner: String,
}

impl Crypt {
    /// A key as the console shows it; `owner` is the ClientId.
    ///
    /// # Errors
    /// [`CryptError::Key`].
    pub fn new(key: &str, owner: &str) -> Result<Self, CryptError> {
        if key.len() != KEY_CHARACTERS || !key.chars().all(|letter| letter.is_ascii_alphanumeric()) {
            return Err(CryptError::Key);
        }
        let bytes = Zeroizing::new(LOOSE.decode(format!("{key}=")).map_err(|_| CryptError::Key)?);
        let key = <[u8; 32]>::try_from(bytes.as_slice()).map_err(|_| CryptError::Key)?;
        Ok(Self { key: Zeroizing::new(key), owner: owner.to_owned() })
    }

    /// What was encrypted. Whitespace within the base64 counts for nothing.
    ///
    /// # Errors
    /// See [`CryptError`].
    pub fn decrypt(&self, encrypted: &str) -> Result<String, CryptError> {
        let dense: String = encrypted.chars().filter(|letter| !letter.is_whitespace()).collect();
        let mut bytes = STANDARD.decode(dense).map_err(|_| CryptError::Ciphertext)?;
        if bytes.is_empty() || bytes.len() % 16 != 0 {
            return Err(CryptError::Ciphertext);
        }
        let (key, vector) = self.parts();
        let plain = cbc::Decryptor::<Aes256>::new(key.into(), vector.into())
            .decrypt_padded_mut::<NoPadding>(&mut bytes)
            .map_err(|_| CryptError::Ciphertext)?;
        let padding = usize::from(*plain.last().ok_or(CryptError::Plaintext)?);
        let whole = plain.len().checked_sub(padding).filter(|_| (1..=PADDING_BLOCK).contains(&padding));
        let plain = &plain[..whole.ok_or(CryptError::Plaintext)?];
        let length = plain.get(16..HEAD_BYTES).ok_or(CryptError::Plaintext)?;
        let length = u32::from_be_bytes(length.try_into().map_err(|_| CryptError::Plaintext)?) as usize;
        let rest = &plain[HEAD_BYTES..];
        let message = rest.get(..length).ok_or(CryptError::Plaintext)?;
        if rest.get(length..) != Some(self.owner.as_bytes()) {
            return Err(CryptError::Owner);
        }
        String::from_utf8(message.to_vec()).map_err(|_| CryptError::Plaintext)
    }

    /// Encrypts a message behind sixteen bytes of chance.
    pub fn encrypt(&self, message: &str, chance: [u8; 16]) -> String {
        let mut plain = chance.to_vec();
        plain.extend_from_slice(&u32::try_from(message.len()).unwrap_or(u32::MAX).to_be_bytes());
        plain.extend_from_slice(message.as_bytes());
        plain.extend_from_slice(self.owner.as_bytes());
        let padding = PADDING_BLOCK - plain.len() % PADDING_BLOCK;
        plain.resize(plain.len() + padding, u8::try_from(padding).unwrap_or_default());
        let (key, vector) = self.parts();
        let length = plain.len();
        let encrypted = cbc::Encryptor::<Aes256>::new(key.into(), vector.into())
            .encrypt_padded_mut::<NoPadding>(&mut plain, length);
        // Whole blocks always fit; nothing is what a platform refuses.
        encrypted.map(|bytes| STANDARD.encode(bytes)).unwrap_or_default()
    }

    /// The key, and the vector that is its beginning.
    fn parts(&self) -> (&[u8; 32], &[u8; 16]) {
        let vector = self.key.first_chunk::<16>().unwrap_or(&[0; 16]);
        (&self.key, vector)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEY: &str = "abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG";
    const CHECK: &str =
        "Q3stYC6hdFzMh9T8HCvyDLV8JeomtQuxZLosYEI28mjzSD5UpK2hp0QUc4H6M/N5EsUBp6Ycb4lV2J6RRjfK7g==";
    const SUCCESS: &str =
        "Q3stYC6hdFzMh9T8HCvyDDVB8nYie0nnKONkIDibUiRs8wfkAVxaB9/z4ptyh8JGFvULZTNnWFsEdyuFTpHNsw==";

    fn crypt() -> Crypt {
        Crypt::new(KEY, "dingsimapp").expect("a key")
    }

    #[test]
    fn the_published_vectors_hold() {
        let table = [("{\"EventType\":\"check_url\"}", CHECK), ("success", SUCCESS)];
        for (message, encrypted) in table {
            assert_eq!(crypt().encrypt(message, *b"0123456789abcdef"), encrypted);
            assert_eq!(crypt().decrypt(encrypted).as_deref(), Ok(message));
        }
        let key: String = crypt().key.iter().map(|byte| format!("{byte:02x}")).collect();
        assert_eq!(key, "69b71d79f8218a39259a7a29aabb2dbafc31cb3d35db7e39ebbf3d0010831051");
    }

    #[test]
    fn lengths_are_counted_in_bytes_and_lines_within_are_no_harm() {
        let encrypted = crypt().encrypt("请假两天", [7; 16]);
        let broken: String = format!("{}\n{}", &encrypted[..20], &encrypted[20..]);
        assert_eq!(crypt().decrypt(&broken).as_deref(), Ok("请假两天"));
    }

    #[test]
    fn what_is_not_for_us_is_refused() {
        let table = [
            (crypt().decrypt("AAAA"), CryptError::Ciphertext),
            (crypt().decrypt("%%%"), CryptError::Ciphertext),
            (crypt().decrypt(&STANDARD.encode([9_u8; 64])), CryptError::Plaintext),
            (Crypt::new(KEY, "dingother").expect("a key").decrypt(CHECK), CryptError::Owner),
        ];
        for (outcome, expected) in table {
            assert_eq!(outcome, Err(expected));
        }
        assert_eq!(Crypt::new("short", "x").err(), Some(CryptError::Key));
        let other = Crypt::new(&KEY.replace('a', "b"), "dingsimapp").expect("a key");
        assert!(other.decrypt(CHECK).is_err());
    }
}
