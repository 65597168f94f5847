//! Reading and writing cases.
//!
//! Nothing here commits: whoever acts puts case, records and consequences into one batch. Each write carries the
//! condition that the case is still as it was read; a batch that loses the race is refused whole.

mod reading;
mod writing;

use std::sync::Arc;

use base::{Clock, Rng};
use store::Store;

pub use self::writing::Beginning;
use crate::{CasesError, PublicKeys, Signer};

/// What [`Cases`] is built from.
#[derive(Clone)]
pub struct CasesParts {
    /// The store that holds the tables of [`crate::tables`].
    pub store: Store,
    /// The time, for ids.
    pub clock: Clock,
    /// Randomness for ids.
    pub rng: Rng,
    /// The key that signs records.
    pub signer: Signer,
    /// Other keys that sign what is verified here, like those of partners.
    pub known: PublicKeys,
}

/// The cases. Cloning it is one reference count.
#[derive(Clone)]
pub struct Cases(Arc<CasesParts>);

impl Cases {
    /// Makes it over an open store. Reads and writes nothing yet.
    #[must_use]
    pub fn new(parts: CasesParts) -> Self {
        Self(Arc::new(parts))
    }

    /// The keys by which records are verified here.
    #[must_use]
    pub fn keys(&self) -> PublicKeys {
        self.0.signer.all().and(self.0.known.clone())
    }

    /// The key that signs records.
    #[must_use]
    pub fn signer(&self) -> &Signer {
        &self.0.signer
    }
}

fn damaged(id: &str, problem: &dyn ToString) -> CasesError {
    CasesError::Damaged { id: id.to_owned(), problem: problem.to_string() }
}
