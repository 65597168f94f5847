//! Matrix codes of what `sync` refuses.

use sync::SyncError;

use super::MatrixError;

impl From<SyncError> for MatrixError {
    fn from(error: SyncError) -> Self {
        match error {
            SyncError::Token(error) => Self::invalid_param(format!("Invalid since: {error}")),
            SyncError::UnknownFilter => Self::invalid_param("No such filter"),
            SyncError::Rooms(error) => error.into(),
            SyncError::Store(error) => error.into(),
            SyncError::Failed(cause) => Self::internal("put sync answer together", cause),
        }
    }
}
