//! Matrix codes of what `flows` refuses: those of the domain that refused.

use flows::FlowsError;

use super::MatrixError;

impl From<FlowsError> for MatrixError {
    fn from(error: FlowsError) -> Self {
        match error {
            FlowsError::Account(error) => error.into(),
            FlowsError::Rooms(error) => error.into(),
        }
    }
}
