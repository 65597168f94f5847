//! What changes of a calendar mean for others: told to whoever schedules, in the commit of the change.

use async_trait::async_trait;
use ruma::OwnedUserId;
use serde::{Deserialize, Serialize};
use store::{Batch, StoreError};

use crate::{Event, itip::Verdict};

/// A change of somebody's calendar that did not come from the bot.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Change {
    /// Whose calendar.
    pub user: OwnedUserId,
    /// What happened.
    pub what: What,
}

/// What happened.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[expect(clippy::large_enum_variant, reason = "made once, handed on, dropped")]
pub enum What {
    /// An event was written. Of a meeting of somebody else's, nothing but the owner's own answer differs.
    Put {
        /// As it was.
        before: Option<Event>,
        /// As it is.
        after: Event,
    },
    /// An event was removed. The organiser's removal cancels it, an attendee's declines it.
    Removed {
        /// As it was.
        before: Event,
    },
    /// A calendar came by mail.
    Message {
        /// What is to be done with it.
        verdict: Verdict,
        /// The uid that it is about.
        uid: String,
    },
}

/// The change must not be made; the text says why, to the person who made it.
#[derive(Debug, thiserror::Error)]
pub enum Refused {
    /// By a rule.
    #[error("{0}")]
    ByRule(String),
    /// The store's own.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Whoever tells other people of changes: the meetings bot.
#[async_trait]
pub trait Scheduling: Send + Sync {
    /// The meeting of this uid that it has for somebody of this server: whose, and as it is. None for all that others organise.
    ///
    /// # Errors
    /// The store's own.
    async fn organized(&self, uid: &str) -> Result<Option<(OwnedUserId, Event)>, StoreError>;

    /// A calendar changes. What is put into `batch` is committed with the change, or not at all; it is asked again with
    /// a new batch when something else changes meanwhile.
    ///
    /// # Errors
    /// [`Refused`] leaves the calendar as it was.
    async fn changed(&self, change: &Change, batch: &mut Batch) -> Result<(), Refused>;
}
