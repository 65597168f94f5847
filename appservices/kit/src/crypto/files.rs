//! Files in encrypted rooms: encrypted before they are uploaded and after they are downloaded, with the key in the message.

use std::io::Read as _;

use bytes::Bytes;
use matrix_sdk_crypto::{AttachmentDecryptor, AttachmentEncryptor, MediaEncryptionInfo};
use serde_json::{Value, json};

use super::fault::CryptoFault;

/// The bytes to upload, and the `file` of the message without its address.
pub(crate) fn locked(bytes: &[u8]) -> Result<(Bytes, Value), CryptoFault> {
    let mut reader = bytes;
    let mut encryptor = AttachmentEncryptor::new(&mut reader);
    let mut locked = Vec::with_capacity(bytes.len());
    encryptor.read_to_end(&mut locked).map_err(CryptoFault::library)?;
    Ok((locked.into(), json!(encryptor.finish())))
}

/// The bytes of a file as its sender meant them, by the `file` of its message.
///
/// # Errors
/// No key that can be used, or other bytes than those that were sent: whatever was read of them is nobody's.
pub(crate) fn unlocked(bytes: &[u8], file: &Value) -> Result<Bytes, String> {
    let said = |error: &dyn std::fmt::Display| error.to_string();
    let info = serde_json::from_value::<MediaEncryptionInfo>(file.clone()).map_err(|error| said(&error))?;
    let mut reader = bytes;
    let mut decryptor = AttachmentDecryptor::new(&mut reader, info).map_err(|error| said(&error))?;
    let mut clear = Vec::with_capacity(bytes.len());
    decryptor.read_to_end(&mut clear).map_err(|error| said(&error))?;
    Ok(clear.into())
}
