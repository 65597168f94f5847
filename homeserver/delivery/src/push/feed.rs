//! From the stream to the queues: who is to be told of what happened.
//!
//! Reads facts after its own cursor, asks the rules once per event for all local members that have
//! pushers, and writes the rows in the batch that moves the cursor: an event is queued once, whenever
//! the process dies. Never speaks to a gateway.

use std::{collections::BTreeMap, sync::Arc};

use base::Shutdown;
use model::{EventNum, Pdu, RoomNum, StreamPos};
use rooms::{Membership, RoomsError};
use ruma::{OwnedUserId, UserId};
use store::{Audience, Batch, CommitListener, Scan, Snapshot, StoreError};
use streams::{Cursor, Fact, facts};
use tokio::sync::Notify;

use super::{
    Push, PushError,
    gateway::Gateway,
    tables::{PUSH_QUEUE, PusherRow, QueueRow},
};
use crate::limits::{
    FEED_LAG_POSITIONS_MAX, FEED_RETRY, FEED_ROWS_PER_BATCH, FEED_USERS_PER_STEP, QUEUE_ROWS_PER_EVENT_MAX,
    QUEUE_ROWS_PER_PUSHER_MAX,
};

/// The name of the place in the stream.
/// The name of this reader of the stream.
pub const CURSOR: &str = "push";

/// Wakes the feed when something was committed.
pub(crate) struct News(pub Arc<Notify>);

impl CommitListener for News {
    fn committed(&self, _: &[Audience], _: StreamPos) {
        self.0.notify_one();
    }
}

/// Rows of one batch, and whose they are.
#[derive(Default)]
struct Harvest {
    batch: Batch,
    rows: BTreeMap<u64, (Gateway, usize)>,
    /// Who read something in these facts, with the last position of it.
    readers: BTreeMap<OwnedUserId, StreamPos>,
}

impl Harvest {
    fn count(&self) -> usize {
        self.batch.writes()
    }
}

impl Push {
    /// Follows the stream until the server stops.
    pub(crate) async fn feed(&self, shutdown: Shutdown) {
        while !shutdown.is_triggered() {
            match self.follow(&shutdown).await {
                Ok(()) => return,
                Err(PushError::Store(StoreError::Closed)) => return,
                Err(error) => tracing::warn!(%error, "follow the stream for push; will try again"),
            }
            tokio::select! {
                () = shutdown.wait() => {}
                () = tokio::time::sleep(FEED_RETRY) => {}
            }
        }
    }

    async fn follow(&self, shutdown: &Shutdown) -> Result<(), PushError> {
        let store = &self.0.parts.store;
        let mut cursor = Cursor::load(store, CURSOR).await?;
        if cursor.position() == StreamPos::ZERO {
            // What happened before anybody could have a pusher concerns nobody.
            self.save(&mut cursor, store.frontier(), Harvest::default()).await?;
        }
        let mut read_to = cursor.position();
        loop {
            let snapshot = store.snapshot();
            if read_to < snapshot.position() {
                read_to = self.read_on(&mut cursor, read_to, &snapshot).await?;
                metrics::gauge!("push_feed_lag_positions")
                    .set(store.frontier().get().saturating_sub(read_to.get()) as f64);
                continue;
            }
            tokio::select! {
                () = shutdown.wait() => {
                    return self.save(&mut cursor, read_to, Harvest::default()).await;
                }
                () = self.0.news.notified() => {}
            }
        }
    }

    /// Reads one page of facts; where it came to.
    async fn read_on(
        &self,
        cursor: &mut Cursor,
        after: StreamPos,
        snapshot: &Snapshot,
    ) -> Result<StreamPos, PushError> {
        let mut read_to = snapshot.position();
        let mut harvest = Harvest::default();
        if !self.0.register.is_empty() {
            let page = facts(snapshot, after, snapshot.position()).await?;
            if page.len() >= streams::limits::FACTS_READ_MAX
                && let Some((last, _)) = page.last()
            {
                read_to = *last;
            }
            for (position, fact) in page {
                self.take(snapshot, position, fact, &mut harvest).await?;
                if harvest.count() >= FEED_ROWS_PER_BATCH {
                    self.save(cursor, position, std::mem::take(&mut harvest)).await?;
                }
            }
        }
        let far_ahead = read_to.get().saturating_sub(cursor.position().get()) >= FEED_LAG_POSITIONS_MAX;
        if harvest.count() > 0 || !harvest.readers.is_empty() || far_ahead {
            self.save(cursor, read_to, harvest).await?;
        }
        Ok(read_to)
    }

    async fn take(
        &self,
        snapshot: &Snapshot,
        position: StreamPos,
        fact: Fact,
        harvest: &mut Harvest,
    ) -> Result<(), PushError> {
        match fact {
            Fact::Event { room, event } => {
                match self.take_event(snapshot, position, room, event, harvest).await {
                    // Purged since: nobody can be told of it any more.
                    Err(PushError::Rooms(RoomsError::Corrupt(what))) => {
                        tracing::debug!(what, "skip a fact of what is gone");
                        Ok(())
                    }
                    outcome => outcome,
                }
            }
            Fact::Receipt { room, user } => {
                if self.0.register.contains(&user) {
                    self.0.badges.moved(&user, room);
                    harvest.readers.insert(user, position);
                }
                Ok(())
            }
            // Nothing else is told to gateways. The enum is open: a fact that is new here is none for push.
            _ => Ok(()),
        }
    }

    async fn take_event(
        &self,
        snapshot: &Snapshot,
        position: StreamPos,
        room: RoomNum,
        event: EventNum,
        harvest: &mut Harvest,
    ) -> Result<(), PushError> {
        let rooms = &self.0.parts.rooms;
        let pdu = rooms.pdu(snapshot, event).await?;
        let meta = rooms.meta(snapshot, event).await?;
        let mut users = self.0.register.among(rooms.local_members(room).await?.iter());
        users.extend(self.invited(&pdu));
        for user in &users {
            self.0.badges.moved(user, room);
        }
        if self.0.register.contains(pdu.sender()) {
            // Who writes has read.
            harvest.readers.insert(pdu.sender().to_owned(), position);
        }
        if meta.rejected || meta.soft_failed || meta.redacted_by.is_some() || meta.position.is_none() {
            return Ok(());
        }
        let queued_before = harvest.count();
        for some in users.chunks(FEED_USERS_PER_STEP) {
            for (user, actions) in rooms.push_decisions(snapshot, room, &pdu, some).await? {
                if !self.was_there(snapshot, room, &user, event, position).await? {
                    continue;
                }
                let row = QueueRow::Event {
                    room,
                    event,
                    highlight: actions.highlight,
                    sound: actions.sound.map(|sound| sound.to_string()),
                    other_tweaks: actions.other_tweaks.map(|tweaks| tweaks.to_vec()).unwrap_or_default(),
                    queued_ms: self.0.parts.clock.now_ms(),
                };
                for (_, pusher) in self.pusher_rows(snapshot, &user).await? {
                    if pusher.enabled {
                        self.queue(&pusher, position, &row, harvest).await?;
                    }
                }
            }
            if harvest.count() - queued_before > QUEUE_ROWS_PER_EVENT_MAX {
                tracing::warn!(event = %pdu.event_id(), "too many pushers for one event; the rest is not told");
                break;
            }
        }
        Ok(())
    }

    /// Whom an invitation is for: they are no member, and yet it concerns nobody more.
    fn invited(&self, pdu: &Pdu) -> Option<OwnedUserId> {
        if pdu.kind() != "m.room.member" {
            return None;
        }
        let target = UserId::parse(pdu.state_key()?).ok()?;
        let content: serde_json::Value = serde_json::from_str(pdu.content_str()).ok()?;
        let is_invite = content.get("membership")?.as_str()? == "invite";
        (is_invite && self.0.register.contains(&target)).then_some(target)
    }

    /// Whether the user was in the room when the event came, or is whom it invites: the feed may be late.
    async fn was_there(
        &self,
        snapshot: &Snapshot,
        room: RoomNum,
        user: &UserId,
        event: EventNum,
        position: StreamPos,
    ) -> Result<bool, RoomsError> {
        let Some(member) = self.0.parts.rooms.member(snapshot, room, user).await? else { return Ok(false) };
        Ok(match member.membership {
            // A join that follows a join is a change of profile, not the begin of a stay.
            Membership::Join => member.previous == Some(Membership::Join) || member.position <= position,
            Membership::Invite => member.event == event,
            Membership::Leave | Membership::Ban | Membership::Knock => false,
        })
    }

    async fn queue(
        &self,
        pusher: &PusherRow,
        position: StreamPos,
        row: &QueueRow,
        harvest: &mut Harvest,
    ) -> Result<(), StoreError> {
        harvest.batch.put(&PUSH_QUEUE, &(pusher.number, position), row);
        harvest.rows.entry(pusher.number).or_insert_with(|| (Gateway::of(pusher), 0)).1 += 1;
        if self.0.schedule.lock().rows(pusher.number) >= QUEUE_ROWS_PER_PUSHER_MAX {
            let scan = Scan::prefix(&pusher.number).limit(1);
            for key in self.0.parts.store.scan_keys(&PUSH_QUEUE, scan).await? {
                harvest.batch.delete(&PUSH_QUEUE, &key);
                self.0.schedule.lock().row_gone(pusher.number);
                metrics::counter!("push_dropped_total", "reason" => "queue_full").increment(1);
            }
        }
        Ok(())
    }

    /// Commits what was gathered together with the place in the stream, and lets the courier know.
    async fn save(
        &self,
        cursor: &mut Cursor,
        position: StreamPos,
        mut harvest: Harvest,
    ) -> Result<(), PushError> {
        let store = &self.0.parts.store;
        let queued_ms = self.0.parts.clock.now_ms();
        for (user, position) in std::mem::take(&mut harvest.readers) {
            for (_, pusher) in self.pusher_rows(store, &user).await? {
                // A row of an event at this place says the count too.
                let taken = harvest.rows.contains_key(&pusher.number);
                if pusher.enabled && pusher.kind == "http" && !taken {
                    self.queue(&pusher, position, &QueueRow::Read { queued_ms }, &mut harvest).await?;
                }
            }
        }
        cursor.advance(&mut harvest.batch, position);
        if harvest.batch.is_empty() {
            return Ok(());
        }
        store.commit(harvest.batch).await?;
        let mut schedule = self.0.schedule.lock();
        for (number, (gateway, rows)) in &harvest.rows {
            schedule.queued(*number, gateway, *rows);
        }
        metrics::gauge!("push_queue_length").set(schedule.rows_total() as f64);
        drop(schedule);
        if !harvest.rows.is_empty() {
            self.0.work.notify_one();
        }
        Ok(())
    }
}
