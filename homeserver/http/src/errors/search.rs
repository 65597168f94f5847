//! Matrix codes of what `search` refuses.

use search::SearchError;

use super::MatrixError;

impl From<SearchError> for MatrixError {
    fn from(error: SearchError) -> Self {
        match error {
            SearchError::Store(error) => error.into(),
            SearchError::Rooms(error) => error.into(),
            SearchError::InvalidParam(reason) => Self::invalid_param(reason),
            SearchError::Index(reason) => Self::internal("search", reason),
        }
    }
}
