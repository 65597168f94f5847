//! Matrix codes of transactions that are not taken in.

use federation::InboundError;

use super::MatrixError;

impl From<InboundError> for MatrixError {
    fn from(error: InboundError) -> Self {
        let message = error.to_string();
        match error {
            InboundError::TooLarge(_) => Self::bad_request(message),
            InboundError::Busy { retry_after_ms } => Self::limit_exceeded(retry_after_ms),
            InboundError::Store(error) => error.into(),
            InboundError::Rooms(error) => error.into(),
            InboundError::Keys(error) => error.into(),
        }
    }
}
