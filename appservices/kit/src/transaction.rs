//! A transaction of the homeserver becomes rows: what each bot has to hear, once.
//!
//! All of it is one batch. When it is durable the homeserver may forget the transaction.

use std::collections::{HashMap, HashSet};

use ruma::{EventId, OwnedEventId, OwnedRoomId, RoomId, UserId};
use serde::Deserialize;
use serde_json::{Value, value::RawValue};
use sha2::{Digest as _, Sha256};
use store::{Batch, Scan, StoreError};

use crate::{
    Kit, PREFIX,
    limits::{
        CONFLICTS_MAX, EVENTS_REMEMBERED_MAX, INBOX_ROWS_MAX, TRANSACTION_EVENTS_MAX,
        TRANSACTIONS_REMEMBERED_MAX,
    },
    tables::{
        INBOX, Incoming, ROOMS, RoomRow, SEEN, SEEN_ORDER, TRANSACTION_ORDER, TRANSACTIONS, TransactionRow,
    },
};

/// What the homeserver sends. Everything but events is for services that ask for it.
#[derive(Deserialize)]
struct Transaction {
    #[serde(default)]
    events: Vec<Box<RawValue>>,
}

/// The parts of an event that say whom it concerns.
#[derive(Deserialize)]
struct Envelope {
    event_id: String,
    room_id: String,
    sender: String,
    #[serde(rename = "type")]
    kind: String,
    #[serde(default)]
    state_key: Option<String>,
    #[serde(default)]
    content: Value,
}

/// Why a transaction was not taken.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Untaken {
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error("the bots have {INBOX_ROWS_MAX} events to work off first")]
    Full,
    #[error("a transaction is a JSON object with events: {0}")]
    Unreadable(#[from] serde_json::Error),
    #[error("a transaction has at most {TRANSACTION_EVENTS_MAX} events")]
    TooMany,
}

impl Kit {
    /// Takes a transaction, unless it was taken before. It is durable when this returns. The same id with another body is
    /// another transaction: a homeserver that was restored from a backup counts anew.
    pub(crate) async fn take(&self, id: &str, body: &[u8]) -> Result<(), Untaken> {
        // One at a time: the homeserver sends no two, and two would fight over rooms.
        let mut remembered = self.0.taking.lock().await;
        for _ in 0..CONFLICTS_MAX {
            match self.try_take(id, body, &mut remembered).await {
                // A bot that came into a room just found the same event there.
                Err(Untaken::Store(StoreError::Conflict)) => {}
                outcome => return outcome,
            }
        }
        Err(StoreError::Conflict.into())
    }

    async fn try_take(&self, id: &str, body: &[u8], remembered: &mut Option<usize>) -> Result<(), Untaken> {
        let store = &self.0.store;
        let digest = Sha256::digest(body).to_vec();
        let taken = store.get(&TRANSACTIONS, id).await?;
        if taken.as_ref().is_some_and(|taken| taken.digest == digest) {
            metrics::counter!("bots_transactions_total", "outcome" => "repeated").increment(1);
            return Ok(());
        }
        let transaction: Transaction = serde_json::from_slice(body)?;
        if transaction.events.len() > TRANSACTION_EVENTS_MAX {
            return Err(Untaken::TooMany);
        }
        let waiting = store.count(&INBOX, Scan::all().limit(INBOX_ROWS_MAX)).await?;
        if waiting >= INBOX_ROWS_MAX {
            metrics::counter!("bots_transactions_total", "outcome" => "refused").increment(1);
            return Err(Untaken::Full);
        }
        let mut taking =
            Taking { kit: self, batch: Batch::new(), rooms: HashMap::new(), seen: HashSet::new() };
        for event in &transaction.events {
            taking.event(event.get()).await?;
        }
        let coming = taking.seen.len();
        let mut batch = taking.batch;
        let place = batch.position();
        batch.expect_read(&TRANSACTIONS, id, taken.as_ref());
        batch.put(&TRANSACTIONS, id, &TransactionRow { digest });
        batch.put(&TRANSACTION_ORDER, &place, &id.to_owned());
        let before = match *remembered {
            Some(count) => count,
            None => counted(self).await?,
        };
        let gone = self.forget_oldest(&mut batch, before, coming).await?;
        store.commit(batch).await?;
        *remembered = Some((before + coming).saturating_sub(gone));
        metrics::counter!("bots_transactions_total", "outcome" => "taken").increment(1);
        self.0.arrived.notify_waiters();
        Ok(())
    }

    /// What is remembered against repeats is bounded: as many events go as come. How many went.
    async fn forget_oldest(
        &self,
        batch: &mut Batch,
        before: usize,
        coming: usize,
    ) -> Result<usize, StoreError> {
        let store = &self.0.store;
        let transactions = store.count(&TRANSACTION_ORDER, Scan::all()).await?;
        let surplus = (transactions + 1).saturating_sub(TRANSACTIONS_REMEMBERED_MAX);
        for (place, id) in store.scan(&TRANSACTION_ORDER, Scan::all().limit(surplus)).await? {
            batch.delete(&TRANSACTION_ORDER, &place).delete(&TRANSACTIONS, &id);
        }
        let surplus = (before + coming).saturating_sub(EVENTS_REMEMBERED_MAX);
        let oldest = store.scan(&SEEN_ORDER, Scan::all().limit(surplus)).await?;
        for (place, event) in &oldest {
            batch.delete(&SEEN_ORDER, place).delete(&SEEN, event);
        }
        Ok(oldest.len())
    }
}

/// How many events are remembered, counted once a start.
async fn counted(kit: &Kit) -> Result<usize, StoreError> {
    let (mut count, mut from) = (0, model::StreamPos::ZERO);
    loop {
        let page = kit.0.store.scan_keys(&SEEN_ORDER, Scan::all().from(&from)).await?;
        let Some(last) = page.last() else { return Ok(count) };
        count += page.len();
        from = last.next();
    }
}

/// A transaction on its way into a batch.
struct Taking<'a> {
    kit: &'a Kit,
    batch: Batch,
    /// Rooms as the batch leaves them.
    rooms: HashMap<(String, OwnedRoomId), Option<RoomRow>>,
    /// What the batch remembers.
    seen: HashSet<OwnedEventId>,
}

/// What an event is to a bot.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Concern {
    None,
    /// It changes where the bot is, and needs no answer.
    Noted,
    Hears,
}

impl Taking<'_> {
    async fn event(&mut self, json: &str) -> Result<(), StoreError> {
        // Whatever cannot be read is nothing that a bot could act on; the homeserver would send it for ever.
        let Ok(envelope) = serde_json::from_str::<Envelope>(json) else {
            tracing::warn!(bytes = json.len(), "an event of a transaction cannot be read; it is left out");
            return Ok(());
        };
        let parsed = (
            EventId::parse(&envelope.event_id),
            RoomId::parse(&envelope.room_id),
            UserId::parse(&envelope.sender),
        );
        let (Ok(event_id), Ok(room), Ok(sender)) = parsed else { return Ok(()) };
        if self.seen.contains(&event_id) || self.kit.0.store.exists(&SEEN, &event_id).await? {
            return Ok(());
        }
        let kit = self.kit;
        let occupied = kit.0.occupied.lock().clone();
        for (bot, user) in kit.0.users.iter().filter(|(bot, _)| !occupied.contains(bot)) {
            let concern = self.concern(bot, user, &room, &sender, &envelope).await?;
            if concern == Concern::Hears {
                let place = self.batch.position();
                let row = Incoming { event: json.to_owned(), received_ms: kit.0.clock.now_ms() };
                self.batch.put(&INBOX, &(*bot, place), &row);
            }
            if concern != Concern::None && self.seen.insert(event_id.clone()) {
                let place = self.batch.position();
                self.batch.expect_absent(&SEEN, &event_id).put(&SEEN, &event_id, &());
                self.batch.put(&SEEN_ORDER, &place, &event_id);
            }
        }
        Ok(())
    }

    /// Notes the bot's own memberships, and tells whether it has to hear the event.
    async fn concern(
        &mut self,
        bot: &str,
        user: &UserId,
        room: &RoomId,
        sender: &UserId,
        envelope: &Envelope,
    ) -> Result<Concern, StoreError> {
        let is_member_event = envelope.kind == "m.room.member";
        if is_member_event && envelope.state_key.as_deref() == Some(user.as_str()) {
            return self.membership(bot, room, sender, &envelope.content).await;
        }
        // The bots do not talk to each other, or to themselves.
        if self.kit.is_ours(sender) || !self.row(bot, room).await?.is_some_and(|row| row.is_joined) {
            return Ok(Concern::None);
        }
        let is_heard = is_member_event
            || matches!(
                envelope.kind.as_str(),
                "m.room.message" | "m.room.encrypted" | "m.reaction" | "m.room.redaction"
            )
            || envelope.kind.starts_with(PREFIX);
        Ok(if is_heard { Concern::Hears } else { Concern::None })
    }

    /// The bot's own membership changed.
    async fn membership(
        &mut self,
        bot: &str,
        room: &RoomId,
        sender: &UserId,
        content: &Value,
    ) -> Result<Concern, StoreError> {
        let old = self.row(bot, room).await?;
        match content["membership"].as_str() {
            Some("invite") => {
                let is_direct = content["is_direct"].as_bool().unwrap_or_default();
                let row = RoomRow { is_joined: false, is_direct, inviter: Some(sender.to_owned()) };
                self.set_row(bot, room, Some(row));
                Ok(Concern::Hears)
            }
            Some("join") => {
                let was_joined = old.as_ref().is_some_and(|old| old.is_joined);
                self.set_row(bot, room, Some(RoomRow { is_joined: true, ..old.unwrap_or_default() }));
                // A change of name is a join of somebody who is in the room.
                Ok(if was_joined { Concern::Noted } else { Concern::Hears })
            }
            Some("leave" | "ban") => {
                self.set_row(bot, room, None);
                Ok(Concern::Noted)
            }
            Some(_) | None => Ok(Concern::None),
        }
    }

    async fn row(&self, bot: &str, room: &RoomId) -> Result<Option<RoomRow>, StoreError> {
        match self.rooms.get(&(bot.to_owned(), room.to_owned())) {
            Some(row) => Ok(row.clone()),
            None => self.kit.0.store.get(&ROOMS, &(bot, room)).await,
        }
    }

    fn set_row(&mut self, bot: &str, room: &RoomId, row: Option<RoomRow>) {
        match &row {
            Some(row) => self.batch.put(&ROOMS, &(bot, room), row),
            None => self.batch.delete(&ROOMS, &(bot, room)),
        };
        self.rooms.insert((bot.to_owned(), room.to_owned()), row);
    }
}
