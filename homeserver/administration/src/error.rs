//! Why administration refused.

use store::StoreError;

/// What a caller of this crate can act on.
#[derive(Debug, thiserror::Error)]
pub enum AdministrationError {
    /// There is no such report, task or override.
    #[error("not found")]
    NotFound,
    /// The same work on the same thing is under way; its id is named.
    #[error("this is being done already by task {0}; wait for it")]
    UnderWay(String),
    /// A text is longer than allowed; which one, is named.
    #[error("{0} is too long")]
    TooLarge(&'static str),
    /// More is waiting than may wait.
    #[error("too much work is waiting; try again later")]
    Busy,
    /// The row changed under every try.
    #[error("too many changes at once; try again")]
    Contended,
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}
