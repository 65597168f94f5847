//! Matrix codes of what `search` refuses.

use search::SearchError;

use super::MatrixError;

/// After so long a client may ask an index again that was behind.
const BEHIND_RETRY_AFTER_SECONDS: u64 = 2;

impl From<SearchError> for MatrixError {
    fn from(error: SearchError) -> Self {
        match error {
            SearchError::Store(error) => error.into(),
            SearchError::Rooms(error) => error.into(),
            SearchError::InvalidParam(reason) => Self::invalid_param(reason),
            SearchError::Behind => Self::unavailable(
                "The search index does not reach the present yet; try again later",
                BEHIND_RETRY_AFTER_SECONDS,
            ),
            SearchError::Index(reason) => Self::internal("search", reason),
        }
    }
}
