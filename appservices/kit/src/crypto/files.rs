//! Files in encrypted rooms: encrypted before they are uploaded, with the key in the message.

use std::io::Read as _;

use bytes::Bytes;
use matrix_sdk_crypto::AttachmentEncryptor;
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
