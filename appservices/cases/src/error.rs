//! What can go wrong, for those who can act on it.

use rules::canonical::FormError;
use store::StoreError;

/// Why a case could not be read or written.
#[derive(Debug, thiserror::Error)]
pub enum CasesError {
    /// The store's own. [`StoreError::Conflict`]: somebody else was faster; read the case again and decide anew.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// Data or record has no canonical form: a fault of the kind's own types.
    #[error("write record: {0}")]
    Form(#[from] FormError),
    /// What is stored, or what is to be stored, is not what it should be.
    #[error("case {id}: {problem}")]
    Damaged {
        /// The case.
        id: String,
        /// What is wrong.
        problem: String,
    },
    /// A bound of this crate was met.
    #[error("{0}")]
    Full(&'static str),
}
