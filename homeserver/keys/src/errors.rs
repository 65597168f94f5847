//! What a caller of this crate can act on.

use store::StoreError;
use thiserror::Error;

/// Why a request about keys or to-device messages was refused.
#[derive(Debug, Error)]
pub enum KeysError {
    /// A message's content is above [`crate::limits::TO_DEVICE_CONTENT_BYTES_MAX`].
    #[error("the message has {bytes} bytes, more than the {max} allowed")]
    MessageTooLarge {
        /// Size of the content.
        bytes: usize,
        /// Largest size allowed.
        max: usize,
    },
    /// More recipients than [`crate::limits::TO_DEVICE_RECIPIENTS_MAX`].
    #[error("the message has {count} recipients, more than the {max} allowed")]
    TooManyRecipients {
        /// Devices named.
        count: usize,
        /// Most devices allowed.
        max: usize,
    },
    /// A part of the request is above its bound in [`crate::limits`].
    #[error("{what}: {size} is more than the {max} allowed")]
    TooLarge {
        /// What is too large, and in which unit.
        what: &'static str,
        /// How large it is.
        size: usize,
        /// How large it may be.
        max: usize,
    },
    /// JSON of another form than the specification gives it, or without canonical form where it is signed.
    #[error("{what}: {problem}")]
    BadJson {
        /// Which part of the request.
        what: &'static str,
        /// What is wrong with it.
        problem: String,
    },
    /// The form is right and a value is not.
    #[error("{0}")]
    InvalidParam(&'static str),
    /// A signature does not fit, or one that must be there is missing.
    #[error("{0}")]
    InvalidSignature(&'static str),
    /// Another one-time key of this id waits. The wording is what the Matrix SDKs look for.
    #[error("One time key {id} already exists. Old key: {old}; new key: {new}")]
    KeyExists {
        /// Algorithm and id.
        id: String,
        /// The key that is kept.
        old: String,
        /// The key that was refused.
        new: String,
    },
    /// Self-signing and user-signing keys need a master key first.
    #[error("no master signing key is available; upload one first")]
    NoMasterKey,
    /// The public key is the id of a device; signatures by the two could not be told apart.
    #[error("the public key is in use as the id of a device")]
    KeyIdInUse,
    /// No such backup, room or session, or no dehydrated device.
    #[error("{0}")]
    NotFound(&'static str),
    /// Sessions may only be written to the newest backup.
    #[error("the backup version is not the current one; use version {current}")]
    WrongBackupVersion {
        /// The version to use.
        current: u64,
    },
    /// The device is not the user's dehydrated device.
    #[error("this is not your dehydrated device")]
    NotDehydrated,
    /// The store did not answer.
    #[error(transparent)]
    Store(#[from] StoreError),
}
