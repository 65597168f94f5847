//! Matrix codes of what `sync` refuses.

use http::StatusCode;
use sync::SyncError;

use super::MatrixError;

impl From<SyncError> for MatrixError {
    fn from(error: SyncError) -> Self {
        match error {
            SyncError::Token(error) => Self::invalid_param(format!("Invalid since: {error}")),
            SyncError::UnknownFilter => Self::invalid_param("No such filter"),
            SyncError::UnknownPosition => Self::new(
                StatusCode::BAD_REQUEST,
                "M_UNKNOWN_POS".into(),
                "Unknown position; start over without pos",
            ),
            SyncError::Overtaken => Self::bad_request("A newer request of the same connection took over"),
            SyncError::Request(message) => Self::invalid_param(message),
            SyncError::Rooms(error) => error.into(),
            SyncError::Store(error) => error.into(),
            SyncError::Failed(cause) => Self::internal("put sync answer together", cause),
        }
    }
}
