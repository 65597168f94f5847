//! The envelope in which DingTalk and WeCom put callbacks (WXBizMsgCrypt), and WeCom the files that a bot is sent. Pure.

use aes::{
    Aes256,
    cipher::{
        BlockDecryptMut as _, BlockEncryptMut as _, KeyIvInit as _, block_padding::NoPadding,
        generic_array::GenericArray,
    },
};
use base64::{
    Engine as _, alphabet,
    engine::{
        DecodePaddingMode,
        general_purpose::{GeneralPurpose, GeneralPurposeConfig, STANDARD},
    },
};
use sha1::{Digest as _, Sha1};
use subtle::ConstantTimeEq as _;
use zeroize::Zeroizing;

use crate::hex;

/// Characters of a key as the console shows it.
const KEY_CHARACTERS: usize = 43;
/// The platform pads to this block, not to the cipher's.
const PADDING_BLOCK: usize = 32;
/// The cipher's block.
const BLOCK: usize = 16;
/// What stands before a message: chance, then its length.
const HEAD_BYTES: usize = 20;

/// Many keys end in bits that a strict decoder refuses, and keys of files come without their padding.
const LOOSE: GeneralPurpose = GeneralPurpose::new(
    &alphabet::STANDARD,
    GeneralPurposeConfig::new()
        .with_decode_allow_trailing_bits(true)
        .with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// Why something is not decrypted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CryptError {
    /// The key is not 43 characters of base64.
    #[error("the key must have 43 letters and digits")]
    Key,
    /// It is no whole ciphertext.
    #[error("the ciphertext is not whole")]
    Ciphertext,
    /// What came out has not the platform's form: another key made it.
    #[error("what was encrypted has not the platform's form")]
    Plaintext,
    /// It was meant for somebody else: another app, another company.
    #[error("it was encrypted for somebody else")]
    Receiver,
}

/// A key of the platform.
#[derive(Clone)]
pub struct Key(Zeroizing<[u8; 32]>);

impl Key {
    /// A key as the console shows it.
    ///
    /// # Errors
    /// [`CryptError::Key`].
    pub fn of_console(text: &str) -> Result<Self, CryptError> {
        if text.len() != KEY_CHARACTERS { Err(CryptError::Key) } else { Self::of_file(text) }
    }

    /// A key as it stands beside the address of a file, with or without padding.
    ///
    /// # Errors
    /// [`CryptError::Key`].
    pub fn of_file(text: &str) -> Result<Self, CryptError> {
        let bytes = Zeroizing::new(LOOSE.decode(text.trim()).map_err(|_| CryptError::Key)?);
        let key = <[u8; 32]>::try_from(bytes.as_slice()).map_err(|_| CryptError::Key)?;
        Ok(Self(Zeroizing::new(key)))
    }

    /// Decrypts a file piece by piece.
    pub fn unwrapping(&self) -> Unwrapping {
        Unwrapping { cipher: cbc::Decryptor::new((&*self.0).into(), self.vector().into()), rest: Vec::new() }
    }

    /// Pads and encrypts, as [`Self::unwrapping`] takes it.
    pub fn wrapped(&self, plain: &[u8]) -> Vec<u8> {
        let padding = PADDING_BLOCK - plain.len() % PADDING_BLOCK;
        let mut plain = plain.to_vec();
        plain.resize(plain.len() + padding, u8::try_from(padding).unwrap_or_default());
        let length = plain.len();
        let encrypted = cbc::Encryptor::<Aes256>::new((&*self.0).into(), self.vector().into())
            .encrypt_padded_mut::<NoPadding>(&mut plain, length);
        // Whole blocks always fit; nothing is what a platform refuses.
        encrypted.map(<[u8]>::to_vec).unwrap_or_default()
    }

    /// The vector is the beginning of the key.
    fn vector(&self) -> &[u8; BLOCK] {
        self.0.first_chunk::<BLOCK>().unwrap_or(&[0; BLOCK])
    }
}

/// A file that is decrypted as it comes: the last block of the platform is held back for its padding.
pub struct Unwrapping {
    cipher: cbc::Decryptor<Aes256>,
    rest: Vec<u8>,
}

impl Unwrapping {
    /// Takes the next bytes and gives what is certain by now.
    pub fn next(&mut self, bytes: &[u8]) -> Vec<u8> {
        self.rest.extend_from_slice(bytes);
        let certain = self.rest.len().saturating_sub(PADDING_BLOCK) / BLOCK * BLOCK;
        let mut out: Vec<u8> = self.rest.drain(..certain).collect();
        self.decrypt(&mut out);
        out
    }

    /// The end of the file without its padding.
    ///
    /// # Errors
    /// [`CryptError`] when it was cut off, or has no padding of the platform's.
    pub fn end(mut self) -> Result<Vec<u8>, CryptError> {
        if self.rest.is_empty() || !self.rest.len().is_multiple_of(BLOCK) {
            return Err(CryptError::Ciphertext);
        }
        let mut out = std::mem::take(&mut self.rest);
        self.decrypt(&mut out);
        let length = unpadded(&out)?.len();
        out.truncate(length);
        Ok(out)
    }

    fn decrypt(&mut self, bytes: &mut [u8]) {
        for block in bytes.chunks_exact_mut(BLOCK) {
            self.cipher.decrypt_block_mut(GenericArray::from_mut_slice(block));
        }
    }
}

/// The bytes before the padding, every byte of which is looked at.
fn unpadded(plain: &[u8]) -> Result<&[u8], CryptError> {
    let padding = usize::from(*plain.last().ok_or(CryptError::Plaintext)?);
    let length = plain.len().checked_sub(padding).filter(|_| (1..=PADDING_BLOCK).contains(&padding));
    let (message, filling) = plain.split_at(length.ok_or(CryptError::Plaintext)?);
    if filling.iter().all(|byte| usize::from(*byte) == padding) {
        Ok(message)
    } else {
        Err(CryptError::Plaintext)
    }
}

/// The encryption of one callback's messages.
pub struct Crypt {
    key: Key,
    receiver: String,
}

impl Crypt {
    /// A key as the console shows it; `receiver` is whom the platform names behind each message: an app, a company, or nobody.
    ///
    /// # Errors
    /// [`CryptError::Key`].
    pub fn new(key: &str, receiver: &str) -> Result<Self, CryptError> {
        Ok(Self { key: Key::of_console(key)?, receiver: receiver.to_owned() })
    }

    /// What was encrypted. White space within the base64 counts for nothing.
    ///
    /// # Errors
    /// See [`CryptError`].
    pub fn decrypt(&self, encrypted: &str) -> Result<String, CryptError> {
        let dense: String = encrypted.chars().filter(|letter| !letter.is_whitespace()).collect();
        let mut bytes = STANDARD.decode(dense).map_err(|_| CryptError::Ciphertext)?;
        if bytes.is_empty() || !bytes.len().is_multiple_of(BLOCK) {
            return Err(CryptError::Ciphertext);
        }
        let plain = cbc::Decryptor::<Aes256>::new((&*self.key.0).into(), self.key.vector().into())
            .decrypt_padded_mut::<NoPadding>(&mut bytes)
            .map_err(|_| CryptError::Ciphertext)?;
        let plain = unpadded(plain)?;
        let length = plain.get(BLOCK..HEAD_BYTES).ok_or(CryptError::Plaintext)?;
        let length = u32::from_be_bytes(length.try_into().map_err(|_| CryptError::Plaintext)?) as usize;
        let rest = &plain[HEAD_BYTES..];
        let message = rest.get(..length).ok_or(CryptError::Plaintext)?;
        if rest.get(length..) != Some(self.receiver.as_bytes()) {
            return Err(CryptError::Receiver);
        }
        String::from_utf8(message.to_vec()).map_err(|_| CryptError::Plaintext)
    }

    /// Encrypts a message behind sixteen bytes of chance.
    pub fn encrypt(&self, message: &str, chance: [u8; BLOCK]) -> String {
        let mut plain = chance.to_vec();
        plain.extend_from_slice(&u32::try_from(message.len()).unwrap_or(u32::MAX).to_be_bytes());
        plain.extend_from_slice(message.as_bytes());
        plain.extend_from_slice(self.receiver.as_bytes());
        STANDARD.encode(self.key.wrapped(&plain))
    }
}

/// What a callback with these parts is signed with: their SHA-1, sorted and one behind the other.
pub fn signature(token: &str, timestamp: &str, nonce: &str, encrypted: &str) -> String {
    let mut parts = [token, timestamp, nonce, encrypted];
    parts.sort_unstable();
    let mut hash = Sha1::new();
    parts.iter().for_each(|part| hash.update(part.as_bytes()));
    hex(&hash.finalize())
}

/// Whether two signatures are the same, in a time that does not tell where they differ.
pub fn equal(one: &str, other: &str) -> bool {
    one.as_bytes().ct_eq(other.as_bytes()).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    const TOKEN: &str = "SimToken01";
    const KEY: &str = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8";
    const CORP: &str = "ww1234567890abcdef";

    #[test]
    fn the_vectors_of_the_page_hold() {
        let table = [
            (
                "echo-4711",
                CORP,
                "4j/AuRx71kQlxVlzbpsMWJPzFKGaqdwn3+dBvT2xqUOuprSQP8IPcXAdsXYq8pKrq/CjzjSSPNSXesIGHee7cA==",
                "87ceeaa1391089e7b08a8631ee04f1f298ad08b2",
            ),
            (
                "{\"msgtype\":\"text\"}",
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
        for (message, receiver, encrypted, signed) in table {
            let crypt = Crypt::new(KEY, receiver).expect("a key");
            assert_eq!(crypt.encrypt(message, *b"0123456789abcdef"), encrypted);
            assert_eq!(crypt.decrypt(encrypted).as_deref(), Ok(message));
            assert_eq!(signature(TOKEN, "1700000000", "n0nce42", encrypted), signed);
        }
        assert_eq!(*Key::of_console(KEY).expect("a key").0, std::array::from_fn(|index| index as u8));
    }

    #[test]
    fn the_documented_sample_key_with_loose_bits_is_taken() {
        assert!(Key::of_console("jWmYm7qr5nMoAUwZRjGtBxmz3KA1tkAj3ykkR6q2B2C").is_ok());
        for wrong in ["", "short", &"*".repeat(43), &"a".repeat(44)] {
            assert_eq!(Key::of_console(wrong).err(), Some(CryptError::Key), "{wrong}");
        }
    }

    #[test]
    fn what_is_not_for_us_is_refused() {
        let ours = Crypt::new(KEY, CORP).expect("a key");
        let theirs = Crypt::new(KEY, "wwother").expect("a key").encrypt("hello", [7; 16]);
        assert_eq!(ours.decrypt(&theirs), Err(CryptError::Receiver));
        let other = KEY.replace("AAEC", "BBEC");
        let foreign = Crypt::new(&other, CORP).expect("a key").encrypt("hello", [7; 16]);
        assert!(ours.decrypt(&foreign).is_err());
        // One byte of the padding is another one.
        let key = Key::of_console(KEY).expect("a key");
        let mut plain = [7; 16].to_vec();
        plain.extend([0, 0, 0, 1, b'a']);
        plain.extend([0; 11]);
        for (last, expected) in [(11, Err(CryptError::Plaintext)), (33, Err(CryptError::Plaintext))] {
            let mut padded = plain.clone();
            *padded.last_mut().expect("bytes") = last;
            let mut bytes = padded.clone();
            let length = bytes.len();
            let encrypted = cbc::Encryptor::<Aes256>::new((&*key.0).into(), key.vector().into())
                .encrypt_padded_mut::<NoPadding>(&mut bytes, length)
                .expect("whole blocks");
            assert_eq!(ours.decrypt(&STANDARD.encode(encrypted)), expected, "{last}");
        }
        for garbage in ["", "%%%", "AAAA", &STANDARD.encode([9_u8; 64])] {
            assert!(ours.decrypt(garbage).is_err(), "{garbage}");
        }
    }

    #[test]
    fn files_are_decrypted_in_pieces_of_any_size() {
        let key = Key::of_file("AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=").expect("a key");
        let encrypted = key.wrapped(b"hello wecom");
        assert_eq!(hex(&encrypted), "6c18ef7939e6c90b61105034be4971e0bc934565924a5ed562eeb5da8c771a03");
        let long: Vec<u8> = (0..5_000_u32).flat_map(u32::to_le_bytes).collect();
        for (plain, step) in
            [(b"hello wecom".to_vec(), 5), (long.clone(), 1), (long.clone(), 1_000), (long, 1 << 20)]
        {
            let (mut unwrapping, mut out) = (key.unwrapping(), Vec::new());
            for piece in key.wrapped(&plain).chunks(step) {
                out.extend(unwrapping.next(piece));
            }
            out.extend(unwrapping.end().expect("whole"));
            assert_eq!(out, plain);
        }
        let mut cut = key.unwrapping();
        cut.next(&encrypted[..31]);
        assert_eq!(cut.end(), Err(CryptError::Ciphertext));
    }

    const OTHER_KEY: &str = "abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG";
    const CHECK: &str =
        "Q3stYC6hdFzMh9T8HCvyDLV8JeomtQuxZLosYEI28mjzSD5UpK2hp0QUc4H6M/N5EsUBp6Ycb4lV2J6RRjfK7g==";
    const SUCCESS: &str =
        "Q3stYC6hdFzMh9T8HCvyDDVB8nYie0nnKONkIDibUiRs8wfkAVxaB9/z4ptyh8JGFvULZTNnWFsEdyuFTpHNsw==";

    fn dingtalks() -> Crypt {
        Crypt::new(OTHER_KEY, "dingsimapp").expect("a key")
    }

    #[test]
    fn the_vectors_of_dingtalk_hold() {
        let table = [("{\"EventType\":\"check_url\"}", CHECK), ("success", SUCCESS)];
        for (message, encrypted) in table {
            assert_eq!(dingtalks().encrypt(message, *b"0123456789abcdef"), encrypted);
            assert_eq!(dingtalks().decrypt(encrypted).as_deref(), Ok(message));
        }
        let key: String = dingtalks().key.0.iter().map(|byte| format!("{byte:02x}")).collect();
        assert_eq!(key, "69b71d79f8218a39259a7a29aabb2dbafc31cb3d35db7e39ebbf3d0010831051");
    }

    #[test]
    fn lengths_are_counted_in_bytes_and_lines_within_are_no_harm() {
        let encrypted = dingtalks().encrypt("请假两天", [7; 16]);
        let broken: String = format!("{}\n{}", &encrypted[..20], &encrypted[20..]);
        assert_eq!(dingtalks().decrypt(&broken).as_deref(), Ok("请假两天"));
    }

    #[test]
    fn what_is_not_for_our_app_is_refused() {
        let table = [
            (dingtalks().decrypt("AAAA"), CryptError::Ciphertext),
            (dingtalks().decrypt("%%%"), CryptError::Ciphertext),
            (dingtalks().decrypt(&STANDARD.encode([9_u8; 64])), CryptError::Plaintext),
            (Crypt::new(OTHER_KEY, "dingother").expect("a key").decrypt(CHECK), CryptError::Receiver),
        ];
        for (outcome, expected) in table {
            assert_eq!(outcome, Err(expected));
        }
        assert_eq!(Crypt::new("short", "x").err(), Some(CryptError::Key));
        let other = Crypt::new(&OTHER_KEY.replace('a', "b"), "dingsimapp").expect("a key");
        assert!(other.decrypt(CHECK).is_err());
    }
}
