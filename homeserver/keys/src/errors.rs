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
    /// The store did not answer.
    #[error(transparent)]
    Store(#[from] StoreError),
}
