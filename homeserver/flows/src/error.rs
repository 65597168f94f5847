//! Why a flow stopped.

use accounts::AccountError;
use rooms::RoomsError;
use store::StoreError;

/// Why a flow stopped; whose refusal it was decides the Matrix code.
#[derive(Debug, thiserror::Error)]
pub enum FlowsError {
    /// The accounts refused or failed.
    #[error(transparent)]
    Account(#[from] AccountError),
    /// The rooms refused or failed.
    #[error(transparent)]
    Rooms(#[from] RoomsError),
}

impl From<StoreError> for FlowsError {
    fn from(error: StoreError) -> Self {
        Self::Account(error.into())
    }
}
