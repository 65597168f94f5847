//! What can be done with a delayed event: sent now, cancelled, restarted. Each at most once.

use rooms::{RoomsError, SendOptions, TransactionKey, policy_server::NotRecommended};
use ruma::{CanonicalJsonObject, OwnedEventId, OwnedUserId};
use store::{Batch, Scan, StoreError};

use super::{
    DelayedEventError, DelayedEvents,
    limits::{DELAY_ID_BYTES_MAX, FINALISED_AGE_MS_MAX, FINALISED_PER_USER_MAX, FORGOTTEN_AT_ONCE_MAX},
    schedule::transaction_key,
    tables::{
        FINALISED, FINALISED_BY_AGE, FINALISED_OF_USER, Failure, FinalisedRow, Outcome, SCHEDULED,
        SCHEDULED_OF_USER, ScheduledRow, TRANSACTION,
    },
};

/// Names the transactions of delayed events; no endpoint of a client is called so.
const TRANSACTION_ENDPOINT: &str = "delayed event";

/// What clients keep in a room of those who are in its call.
const CALL_MEMBERS: [&str; 2] = ["m.call.member", "org.matrix.msc3401.call.member"];

impl DelayedEvents {
    /// The user of a scheduled event and whether it is a state event, for whoever counts what users send.
    ///
    /// # Errors
    /// The store's own.
    pub async fn sender_of(&self, id: &str) -> Result<Option<(OwnedUserId, bool)>, DelayedEventError> {
        if id.len() > DELAY_ID_BYTES_MAX {
            return Ok(None);
        }
        let row = self.0.parts.store.get(&SCHEDULED, id).await?;
        Ok(row.map(|row| (row.user, row.state_key.is_some())))
    }

    /// Sends an event before its time. Sending it again changes nothing.
    ///
    /// # Errors
    /// [`DelayedEventError::NotFound`], [`DelayedEventError::AlreadyCancelled`], or what the room says.
    pub async fn send(&self, id: &str) -> Result<(), DelayedEventError> {
        let _lock = self.lock(id).await;
        let Some(row) = self.scheduled(id).await? else {
            return match self.finalised(id).await? {
                Outcome::Sent(_) => Ok(()),
                Outcome::Cancelled => Err(DelayedEventError::AlreadyCancelled),
                Outcome::Failed { .. } => Err(DelayedEventError::AlreadySent),
            };
        };
        match self.send_row(id, &row).await? {
            Outcome::Failed { failure: Failure::Forbidden, reason } => {
                Err(RoomsError::Forbidden(reason).into())
            }
            Outcome::Failed { reason, .. } => Err(RoomsError::InvalidParam(reason).into()),
            Outcome::Sent(_) | Outcome::Cancelled => Ok(()),
        }
    }

    /// Takes an event back. Cancelling it again changes nothing.
    ///
    /// # Errors
    /// [`DelayedEventError::NotFound`], [`DelayedEventError::AlreadySent`].
    pub async fn cancel(&self, id: &str) -> Result<(), DelayedEventError> {
        let _lock = self.lock(id).await;
        match self.scheduled(id).await? {
            Some(row) => self.finalise(id, &row, Outcome::Cancelled).await,
            None => match self.finalised(id).await? {
                Outcome::Cancelled => Ok(()),
                Outcome::Sent(_) | Outcome::Failed { .. } => Err(DelayedEventError::AlreadySent),
            },
        }
    }

    /// Lets the delay begin anew. One row is written, as clients do this every few seconds.
    ///
    /// # Errors
    /// [`DelayedEventError::NotFound`] also for an event that waits no more: clients take that as the sign
    /// to schedule a new one.
    pub async fn restart(&self, id: &str) -> Result<(), DelayedEventError> {
        let _lock = self.lock(id).await;
        let row = self.scheduled(id).await?.ok_or(DelayedEventError::NotFound)?;
        let new = ScheduledRow { running_since_ms: self.0.parts.clock.now_ms(), ..row.clone() };
        let mut batch = Batch::new();
        batch.expect_eq(&SCHEDULED, id, &row);
        batch.put(&SCHEDULED, id, &new);
        let (this, timer, due_at_ms) = (self.clone(), id.to_owned(), new.due_at_ms());
        batch.on_visible(move |_| this.0.timers.set(&timer, due_at_ms));
        self.commit(batch).await
    }

    /// Sends an event whose time has come, unless it was moved or taken away meanwhile.
    pub(super) async fn fire(&self, id: &str) -> Result<(), DelayedEventError> {
        let _lock = self.lock(id).await;
        let Some(row) = self.scheduled(id).await? else {
            self.0.timers.remove(id);
            return Ok(());
        };
        if row.due_at_ms() > self.0.parts.clock.now_ms() {
            self.0.timers.set(id, row.due_at_ms());
            return Ok(());
        }
        self.send_row(id, &row).await.map(drop)
    }

    /// Sends the event and notes what became of it. The caller holds the lock.
    async fn send_row(&self, id: &str, row: &ScheduledRow) -> Result<Outcome, DelayedEventError> {
        let outcome = match self.send_event(id, row).await {
            Ok(event_id) => Outcome::Sent(event_id),
            Err(error) => {
                let failure = failure(&error).ok_or(error)?;
                tracing::info!(id, room = %row.room_id, ?failure, "a delayed event was refused");
                let reason = failure.1;
                Outcome::Failed { failure: failure.0, reason }
            }
        };
        self.finalise(id, row, outcome.clone()).await?;
        Ok(outcome)
    }

    async fn send_event(&self, id: &str, row: &ScheduledRow) -> Result<OwnedEventId, RoomsError> {
        let (accounts, rooms) = (&self.0.parts.accounts, &self.0.parts.rooms);
        let content = rooms::canonical_object(&row.content)?;
        // Neither the timer nor whoever knows the id shows a session: what was made before it ended must not outlast it. That
        // somebody is no longer in a call is true all the same, and nobody else would say it.
        if !ends_call(row, &content) && !accounts.may_write(accounts.reader(), &row.user).await? {
            return Err(RoomsError::forbidden("the account of the sender is closed, locked or suspended"));
        }
        let transaction = TransactionKey {
            scope: String::new(),
            endpoint: TRANSACTION_ENDPOINT.to_owned(),
            transaction_id: id.to_owned(),
        };
        let options = SendOptions {
            transaction: Some(transaction),
            delay_id: Some(id.to_owned()),
            sticky_duration_ms: row.sticky_duration_ms,
            ..SendOptions::default()
        };
        match &row.state_key {
            Some(state_key) => {
                rooms.send_state_with(&row.room_id, &row.user, &row.kind, state_key, content, options).await
            }
            None => rooms.send(&row.room_id, &row.user, &row.kind, content, options).await,
        }
    }

    async fn scheduled(&self, id: &str) -> Result<Option<ScheduledRow>, DelayedEventError> {
        if id.len() > DELAY_ID_BYTES_MAX {
            return Ok(None);
        }
        Ok(self.0.parts.store.get(&SCHEDULED, id).await?)
    }

    async fn finalised(&self, id: &str) -> Result<Outcome, DelayedEventError> {
        if id.len() > DELAY_ID_BYTES_MAX {
            return Err(DelayedEventError::NotFound);
        }
        let row = self.0.parts.store.get(&FINALISED, id).await?;
        Ok(row.ok_or(DelayedEventError::NotFound)?.outcome)
    }

    /// Moves a row to the finalised ones, and the oldest of those out when the user has too many.
    async fn finalise(
        &self,
        id: &str,
        row: &ScheduledRow,
        outcome: Outcome,
    ) -> Result<(), DelayedEventError> {
        let store = &self.0.parts.store;
        let at_ms = self.0.parts.clock.now_ms();
        let mut batch = Batch::new();
        batch.expect_eq(&SCHEDULED, id, row);
        batch.delete(&SCHEDULED, id);
        batch.delete(&SCHEDULED_OF_USER, &(row.user.clone(), row.made_at_ms, id.to_owned()));
        batch.put(&FINALISED, id, &FinalisedRow { was: row.clone(), at_ms, outcome });
        batch.put(&FINALISED_OF_USER, &(row.user.clone(), at_ms, id.to_owned()), &());
        batch.put(&FINALISED_BY_AGE, &(at_ms, id.to_owned()), &());
        let scan = Scan::prefix(&row.user).limit(FINALISED_PER_USER_MAX);
        let kept = store.scan_keys(&FINALISED_OF_USER, scan).await?;
        if kept.len() >= FINALISED_PER_USER_MAX
            && let Some((_, _, oldest)) = kept.first()
        {
            self.forget(&mut batch, oldest).await?;
        }
        let (this, timer) = (self.clone(), id.to_owned());
        batch.on_commit(move |_| this.0.timers.remove(&timer));
        self.commit(batch).await
    }

    /// Forgets finalised events that are old enough. Returns how many; call again while that is not 0.
    ///
    /// # Errors
    /// The store's own.
    pub async fn forget_old(&self) -> Result<usize, DelayedEventError> {
        let before_ms = self.0.parts.clock.now_ms().saturating_sub(FINALISED_AGE_MS_MAX);
        let scan = Scan::all().until(&(before_ms, String::new())).limit(FORGOTTEN_AT_ONCE_MAX);
        let old = self.0.parts.store.scan_keys(&FINALISED_BY_AGE, scan).await?;
        if old.is_empty() {
            return Ok(0);
        }
        let mut batch = Batch::new();
        for key in &old {
            self.forget(&mut batch, &key.1).await?;
            batch.delete(&FINALISED_BY_AGE, key);
        }
        self.commit(batch).await?;
        Ok(old.len())
    }

    async fn forget(&self, batch: &mut Batch, id: &str) -> Result<(), DelayedEventError> {
        let Some(row) = self.0.parts.store.get(&FINALISED, id).await? else { return Ok(()) };
        batch.delete(&FINALISED, id);
        batch.delete(&FINALISED_OF_USER, &(row.was.user.clone(), row.at_ms, id.to_owned()));
        batch.delete(&FINALISED_BY_AGE, &(row.at_ms, id.to_owned()));
        if let Some(transaction) = &row.was.transaction {
            batch.delete(&TRANSACTION, &transaction_key(&row.was.user, transaction));
        }
        Ok(())
    }

    /// A conflict means that another action on the same event was faster.
    async fn commit(&self, batch: Batch) -> Result<(), DelayedEventError> {
        match self.0.parts.store.commit(batch).await {
            Ok(_) => Ok(()),
            Err(StoreError::Conflict) => Err(DelayedEventError::Busy),
            Err(error) => Err(error.into()),
        }
    }
}

/// Whether it says of a participant of a call that they are gone (MSC3401): their state without a word in it.
fn ends_call(row: &ScheduledRow, content: &CanonicalJsonObject) -> bool {
    let is_of_call = CALL_MEMBERS.contains(&row.kind.as_str());
    is_of_call && row.state_key.is_some() && content.is_empty()
}

/// What a refusal of the room means for the delayed event; none when it may be tried again.
fn failure(error: &RoomsError) -> Option<(Failure, String)> {
    let failure = match error {
        RoomsError::Store(_)
        | RoomsError::Contended
        | RoomsError::StateIncomplete
        | RoomsError::Accounts(_)
        | RoomsError::NotRecommended(NotRecommended::Unanswered { .. }) => return None,
        RoomsError::Forbidden(_)
        | RoomsError::NotRecommended(NotRecommended::Refused { .. })
        | RoomsError::RoomNotFound
        | RoomsError::InviteBlocked { .. }
        | RoomsError::UnableToGrantJoin(_)
        | RoomsError::UnableToAuthoriseJoin(_) => Failure::Forbidden,
        RoomsError::TooLarge(_) => Failure::TooLarge,
        RoomsError::EventNotFound
        | RoomsError::RedactedContentGone { .. }
        | RoomsError::NotFound(_)
        | RoomsError::BadJson(_)
        | RoomsError::InvalidParam(_)
        | RoomsError::UnsupportedRoomVersion(_)
        | RoomsError::AliasInUse
        | RoomsError::AliasTaken
        | RoomsError::BadAlias(_)
        | RoomsError::DuplicateAnnotation
        | RoomsError::InvalidRoomState(_)
        | RoomsError::StillInRoom
        | RoomsError::ThreadSubscription(_)
        | RoomsError::Unsupported(_)
        | RoomsError::PeerNotBelieved(_) => Failure::Invalid,
        RoomsError::Resolution(_) | RoomsError::Corrupt(_) => {
            tracing::error!(%error, "send a delayed event");
            return Some((Failure::Internal, "the server could not send the event".to_owned()));
        }
    };
    Some((failure, error.to_string()))
}
