//! The one door: every event, local or foreign, enters a room here.
//!
//! One batch holds everything that an event changes: its bytes and row, the snapshot, the current
//! state, memberships, state changes, the timeline and its indexes, the head, the stream fact and
//! the transaction id. A batch demands the head that it was built on, so the store keeps writers
//! apart; the room lock of this process only saves work. Message events let go of the lock as soon
//! as their batch is queued and the next one builds on a head that is not durable yet, so many
//! senders share one fsync; an event that changes state keeps the lock until it is durable.
//!
//! Never here: who may call, how an error is called outside, what a request looked like.

mod adopt;
mod auth;
mod completion;
mod draft;
mod effects;
mod foreign;
mod gap;
mod history;
mod import;
mod judge;
mod late;
mod lock;
mod on_removal;
mod partial;
mod recheck;
mod recommended;
mod redaction;
mod state_event;
mod taken;
mod tie;
mod tip;
mod transaction;

use model::{EventNum, RoomNum, StreamPos};
use ruma::{CanonicalJsonObject, OwnedEventId, OwnedUserId};
use store::StoreError;

pub(crate) use draft::Draft;
pub(crate) use effects::{Effects, NewRow};
pub use foreign::{ForeignEvent, Verdict};
pub use history::Gap;
pub use import::RoomImport;
pub(crate) use lock::RoomLocks;
pub use on_removal::REMOVAL_READER;
pub(crate) use state_event::{shown_to_invited, stripped};
pub(crate) use tie::TIE;
pub(crate) use tip::{Tip, Writer};
pub use transaction::TransactionKey;

use crate::limits::APPEND_ATTEMPTS_MAX;
use crate::{Rooms, RoomsError};

/// An event of a local user, before this server has built it.
#[derive(Clone, Debug)]
pub struct NewEvent {
    /// The sender; must be local.
    pub sender: OwnedUserId,
    /// The event type.
    pub kind: String,
    /// The state key of a state event.
    pub state_key: Option<String>,
    /// The content.
    pub content: CanonicalJsonObject,
    /// The event to redact, for a redaction.
    pub redacts: Option<OwnedEventId>,
    /// Time to claim instead of now, in ms; for application services.
    pub timestamp_ms: Option<u64>,
    /// Makes a repeated request return the first event.
    pub transaction: Option<TransactionKey>,
    /// The delayed event that this one was, shown to its sender (MSC4140).
    pub delay_id: Option<String>,
    /// For how many ms every member is to get it whatever else they are sent (MSC4354).
    pub sticky_duration_ms: Option<u64>,
}

impl NewEvent {
    /// A message event.
    #[must_use]
    pub fn message(sender: OwnedUserId, kind: impl Into<String>, content: CanonicalJsonObject) -> Self {
        Self {
            sender,
            kind: kind.into(),
            state_key: None,
            content,
            redacts: None,
            timestamp_ms: None,
            transaction: None,
            delay_id: None,
            sticky_duration_ms: None,
        }
    }

    /// A state event.
    #[must_use]
    pub fn state(
        sender: OwnedUserId,
        kind: impl Into<String>,
        state_key: impl Into<String>,
        content: CanonicalJsonObject,
    ) -> Self {
        Self { state_key: Some(state_key.into()), ..Self::message(sender, kind, content) }
    }
}

/// An event that is durable.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Appended {
    /// Its id.
    pub event_id: OwnedEventId,
    /// Its number.
    pub event: EventNum,
    /// Where it stands in the stream; the position of the first time for a repeated request.
    pub position: StreamPos,
}

impl Rooms {
    /// Builds, checks and stores an event of a local user.
    ///
    /// Returns when the event is durable. A repeated transaction returns the event of the first
    /// time, also when both run at once.
    ///
    /// # Errors
    /// The auth rules against the current state, the size limits, and the store's own errors;
    /// [`RoomsError::Contended`] when other writers were faster too often.
    pub async fn append(&self, room: RoomNum, new: NewEvent) -> Result<Appended, RoomsError> {
        let started = tokio::time::Instant::now();
        let outcome = self.append_with_retries(room, &new).await;
        let result = if outcome.is_ok() { "ok" } else { "error" };
        metrics::histogram!("lianqiao_append_seconds", "result" => result).record(started.elapsed());
        outcome
    }

    async fn append_with_retries(&self, room: RoomNum, new: &NewEvent) -> Result<Appended, RoomsError> {
        let policy_server = self.policy_server_for(room, &new.kind, new.state_key.as_deref()).await?;
        if let Some(policy_server) = policy_server {
            return self.append_recommended(room, new, &policy_server).await;
        }
        for attempt in 0..APPEND_ATTEMPTS_MAX {
            if let Some(transaction) = &new.transaction
                && let Some(first) = self.first_of_transaction(&new.sender, transaction).await?
            {
                return Ok(first);
            }
            match self.try_append(room, new, attempt > 0).await {
                Err(RoomsError::Store(StoreError::Conflict)) => {
                    metrics::counter!("lianqiao_append_conflicts_total").increment(1);
                    tracing::debug!(?room, attempt, "another writer was faster");
                }
                outcome => return outcome,
            }
        }
        Err(RoomsError::Contended)
    }

    /// `alone`: keeps the lock until the event is durable, so that nobody of this process is faster a second time.
    async fn try_append(&self, room: RoomNum, new: &NewEvent, alone: bool) -> Result<Appended, RoomsError> {
        let mut writer = self.locks.lock(room).await;
        if writer.tip().is_some_and(Tip::has_many_ends) {
            drop(writer);
            writer = self.lock_durable(room).await?;
        }
        let mut draft = Draft::open(self, room, &mut writer).await?;
        draft.push(new.clone()).await?;
        let finished = draft.finish().await?;
        let keeps_lock = finished.changes_state || alone;
        let tip = finished.tip.clone();
        let submission = self.parts.store.submit(finished.batch);
        let epoch = writer.advance(tip);
        if keeps_lock {
            let outcome = submission.await;
            match outcome {
                Ok(_) => writer.arrived(),
                Err(_) => writer.forget(epoch),
            }
            drop(writer);
            return finished.events.only(&outcome?);
        }
        drop(writer);
        match submission.await {
            Ok(commit) => finished.events.only(&commit),
            Err(error) => {
                self.locks.lock(room).await.forget(epoch);
                Err(error.into())
            }
        }
    }
}

#[cfg(test)]
mod tests;
