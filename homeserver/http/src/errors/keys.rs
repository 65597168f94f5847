//! Matrix codes of what `keys` refuses.

use keys::KeysError;

use super::MatrixError;

impl From<KeysError> for MatrixError {
    fn from(error: KeysError) -> Self {
        match error {
            KeysError::MessageTooLarge { .. } | KeysError::TooManyRecipients { .. } => {
                Self::too_large(error.to_string())
            }
            KeysError::Store(error) => error.into(),
        }
    }
}
