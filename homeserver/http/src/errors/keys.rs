//! Matrix codes of what `keys` refuses.

use http::StatusCode;
use keys::KeysError;
use ruma::api::error::ErrorCode;

use super::MatrixError;

impl From<KeysError> for MatrixError {
    fn from(error: KeysError) -> Self {
        let message = error.to_string();
        match error {
            KeysError::MessageTooLarge { .. }
            | KeysError::TooManyRecipients { .. }
            | KeysError::TooLarge { .. } => Self::too_large(message),
            KeysError::BadJson { .. } => Self::bad_json(message),
            KeysError::InvalidParam(_) => Self::invalid_param(message),
            KeysError::InvalidSignature(_) => {
                Self::new(StatusCode::BAD_REQUEST, ErrorCode::from("M_INVALID_SIGNATURE"), message)
            }
            KeysError::KeyExists { .. } => Self::bad_request(message),
            KeysError::NoMasterKey => Self::missing_param(message),
            KeysError::KeyIdInUse | KeysError::NotDehydrated => Self::forbidden(message),
            KeysError::NotFound(_) => Self::not_found(message),
            KeysError::WrongBackupVersion { current } => {
                Self::new(StatusCode::FORBIDDEN, ErrorCode::WrongRoomKeysVersion, message)
                    .with("current_version", current.to_string())
            }
            KeysError::Store(error) => error.into(),
        }
    }
}
