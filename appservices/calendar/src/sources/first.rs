//! The first look at a calendar elsewhere: whoever named it hears what came of it.

use async_trait::async_trait;
use store::{Batch, StoreError};

use super::{KeptSource, SourceFault};
use crate::Address;

/// What was seen in a calendar elsewhere.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Seen {
    /// Busy times that lie ahead, those that touch taken together.
    pub times: usize,
    /// Up to when it was looked, in milliseconds since 1970.
    pub until_ms: u64,
}

/// What came of the first look at a calendar.
#[derive(Clone, Copy, Debug)]
pub struct FirstLook<'a> {
    /// Whose it is.
    pub owner: &'a Address,
    /// The calendar.
    pub kept: &'a KeptSource,
    /// What was seen, or why nothing was.
    pub seen: Result<Seen, SourceFault>,
}

/// Whoever tells people what came of the first look at a calendar that they named.
#[async_trait]
pub trait FirstLooks: Send + Sync {
    /// Tells it in the batch that notes it, which is committed once. False has the calendar forgotten again.
    ///
    /// # Errors
    /// The store's own; the calendar is looked at anew then.
    async fn looked(&self, batch: &mut Batch, look: FirstLook<'_>) -> Result<bool, StoreError>;
}

/// Nobody is told.
#[async_trait]
impl FirstLooks for () {
    async fn looked(&self, _: &mut Batch, _: FirstLook<'_>) -> Result<bool, StoreError> {
        Ok(true)
    }
}
