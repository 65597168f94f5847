//! From the stream to the queues: who is to be told of what happened.
//!
//! Reads facts after its own cursor, asks the rules once per event for all local members that have
//! pushers, and writes the rows in the batch that moves the cursor: an event is queued once, whenever
//! the process dies. Never speaks to a gateway.

use std::collections::BTreeMap;

use base::Shutdown;
use model::{EventNum, Pdu, RoomNum, StreamPos};
use rooms::{Membership, RoomsError};
use ruma::{OwnedUserId, UserId};
use store::{Batch, Scan, Snapshot};
use streams::{Fact, Page, StreamReader};

use super::{
    Push, PushError,
    gateway::Gateway,
    tables::{PUSH_QUEUE, PusherRow, QueueRow},
};
use crate::limits::{
    FEED_ROWS_PER_BATCH, FEED_USERS_PER_STEP, QUEUE_ROWS_PER_EVENT_MAX, QUEUE_ROWS_PER_PUSHER_MAX,
};

/// The name of this reader of the stream.
pub const CURSOR: &str = "push";

/// Rows of one batch.
#[derive(Default)]
struct Harvest {
    batch: Batch,
    gathered: Gathered,
    /// Who read something in these facts, with the last position of it.
    readers: BTreeMap<OwnedUserId, StreamPos>,
}

/// What memory learns when a batch is durable: rows added and rows that had to go, by pusher.
type Gathered = BTreeMap<u64, (Gateway, usize, usize)>;

/// The reader of the stream.
struct Feed {
    push: Push,
    /// Of the page that is being committed.
    gathered: Gathered,
}

impl StreamReader for Feed {
    type Error = PushError;

    // What happened before anybody could have a pusher concerns nobody.
    const NAME: &'static str = CURSOR;

    async fn take(&mut self, page: &mut Page) -> Result<(), PushError> {
        self.gathered = Gathered::default();
        if self.push.0.register.is_empty() {
            return Ok(());
        }
        let mut harvest = Harvest::default();
        let snapshot = page.snapshot().clone();
        for (position, fact) in page.facts().await? {
            self.push.take(&snapshot, position, fact, &mut harvest).await?;
            if harvest.batch.writes() >= FEED_ROWS_PER_BATCH {
                page.end_at(position);
                break;
            }
        }
        self.push.take_readers(&mut harvest).await?;
        self.push.keep_in_bounds(&mut harvest).await?;
        (page.batch, self.gathered) = (harvest.batch, harvest.gathered);
        Ok(())
    }

    fn passed(&mut self, _: StreamPos) {
        self.push.queued(std::mem::take(&mut self.gathered));
    }
}

impl Push {
    /// Follows the stream until the server stops.
    pub(crate) async fn feed(&self, shutdown: Shutdown) {
        let mut feed = Feed { push: self.clone(), gathered: Gathered::default() };
        streams::follow(&self.0.parts.store, &mut feed, &shutdown).await;
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
        let invited = self.invited(&pdu);
        // Of a room that is only known from outside nothing but an invite reaches anybody.
        let is_from_outside = meta.outlier && invited.is_some();
        users.extend(invited);
        for user in &users {
            self.0.badges.moved(user, room);
        }
        if self.0.register.contains(pdu.sender()) {
            // Who writes has read.
            harvest.readers.insert(pdu.sender().to_owned(), position);
        }
        let has_no_place = meta.position.is_none() && !is_from_outside;
        if meta.rejected || meta.soft_failed || meta.redacted_by.is_some() || has_no_place {
            return Ok(());
        }
        let queued_before = harvest.batch.writes();
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
                        harvest.queue(&pusher, position, &row);
                    }
                }
            }
            if harvest.batch.writes() - queued_before > QUEUE_ROWS_PER_EVENT_MAX {
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

    /// Has the counts told of those who read something.
    async fn take_readers(&self, harvest: &mut Harvest) -> Result<(), PushError> {
        let queued_ms = self.0.parts.clock.now_ms();
        for (user, position) in std::mem::take(&mut harvest.readers) {
            for (_, pusher) in self.pusher_rows(&self.0.parts.store, &user).await? {
                // A row of an event at this place says the count too.
                let taken = harvest.gathered.contains_key(&pusher.number);
                if pusher.enabled && pusher.kind == "http" && !taken {
                    harvest.queue(&pusher, position, &QueueRow::Read { queued_ms });
                }
            }
        }
        Ok(())
    }

    /// Lets the oldest rows go of which a pusher has too many.
    async fn keep_in_bounds(&self, harvest: &mut Harvest) -> Result<(), PushError> {
        for (number, (_, rows, dropped)) in &mut harvest.gathered {
            let waiting = self.0.schedule.lock().rows(*number) + *rows;
            let over = waiting.saturating_sub(QUEUE_ROWS_PER_PUSHER_MAX);
            if over == 0 {
                continue;
            }
            let oldest = self.0.parts.store.scan_keys(&PUSH_QUEUE, Scan::prefix(number).limit(over)).await?;
            *dropped = oldest.len();
            for key in &oldest {
                harvest.batch.delete(&PUSH_QUEUE, key);
            }
            metrics::counter!("push_dropped_total", "reason" => "queue_full").increment(oldest.len() as u64);
        }
        Ok(())
    }

    /// The rows are durable: lets the courier know.
    fn queued(&self, gathered: Gathered) {
        if gathered.is_empty() {
            return;
        }
        let mut schedule = self.0.schedule.lock();
        for (number, (gateway, rows, dropped)) in &gathered {
            schedule.queued(*number, gateway, *rows);
            (0..*dropped).for_each(|_| schedule.row_gone(*number));
        }
        metrics::gauge!("push_queue_length").set(schedule.rows_total() as f64);
        drop(schedule);
        self.0.work.notify_one();
    }
}

impl Harvest {
    fn queue(&mut self, pusher: &PusherRow, position: StreamPos, row: &QueueRow) {
        self.batch.put(&PUSH_QUEUE, &(pusher.number, position), row);
        self.gathered.entry(pusher.number).or_insert_with(|| (Gateway::of(pusher), 0, 0)).1 += 1;
    }
}
