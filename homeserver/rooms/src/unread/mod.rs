//! Unread and highlight counts, by thread, for one user in one room.
//!
//! Counted lazily, when a sync of that user shows the room: each new event is judged once by the
//! user's compiled push rules, those that notify are remembered until a receipt covers them. What is
//! remembered is written to the store now and then as a short-cut and can be counted again at any
//! time; [`counting`] is what is remembered. Never sends a push.
//! [Receiving notifications](https://spec.matrix.org/v1.19/client-server-api/#receiving-notifications)

mod counting;

use std::{collections::BTreeMap, sync::Arc};

use model::{EventNum, Pdu, RoomNum, StreamPos, TimelinePos};
use ruma::{OwnedEventId, OwnedUserId, UserId, api::Direction};
use store::{Batch, Reader};
use tokio::sync::Mutex;

use counting::{Counting, Entry};

use crate::{
    Membership, Rooms, RoomsError, TimelineRange, cache::Cache, push_context::PushJudge,
    reading_tables::UNREAD, receipts::ReadMarks,
};

/// Users and rooms whose counting is kept in memory.
const COUNTINGS_MAX: u64 = 200_000;
/// Notifying events remembered for one user in one room; the count stops there.
pub const UNREAD_EVENTS_MAX: usize = 10_000;
/// Events judged when nothing was counted before; older ones count as read.
const JUDGED_AT_FIRST_MAX: usize = 10_000;
/// Events read at once.
const STRETCH_ROWS: usize = 500;
/// Events judged since the last time the counting was written down.
const WRITE_AFTER_EVENTS: usize = 200;

/// How many unread events notify.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// All that notify.
    pub notifications: u64,
    /// Those of them that highlight.
    pub highlights: u64,
}

/// Counts of a room.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Unread {
    /// The main timeline.
    pub main: Counts,
    /// Threads with anything unread, by root.
    pub threads: BTreeMap<OwnedEventId, Counts>,
}

impl Unread {
    /// Main timeline and threads together, for clients that do not ask for threads.
    #[must_use]
    pub fn total(&self) -> Counts {
        self.threads.values().fold(self.main, |sum, counts| Counts {
            notifications: sum.notifications + counts.notifications,
            highlights: sum.highlights + counts.highlights,
        })
    }
}

/// Countings by user and room.
pub(crate) struct UnreadCache(Cache<(OwnedUserId, RoomNum), Arc<Mutex<Counting>>>);

impl UnreadCache {
    pub fn new() -> Self {
        Self(Cache::new(COUNTINGS_MAX))
    }
}

impl Rooms {
    /// Unread counts of a member, up to a position of the stream.
    pub async fn unread(
        &self,
        reader: &Reader,
        user: &UserId,
        room: RoomNum,
        up_to: StreamPos,
    ) -> Result<Unread, RoomsError> {
        let up_to = TimelinePos::from(up_to);
        let key = (user.to_owned(), room);
        let counting = self.reading.unread.0.get_with(&key, || Arc::new(Mutex::new(Counting::default())));
        let mut counting = counting.lock().await;
        let marks = self.read_marks(room, user).await?;
        let from = match counting.counted_to {
            Some(counted_to) => counted_to,
            None => self.begin(reader, user, room, up_to, &marks, &mut counting).await?,
        };
        if from < up_to {
            self.count_on(reader, user, room, (from, up_to), &mut counting).await?;
            counting.counted_to = Some(up_to);
        }
        counting.forget_read(&marks);
        if counting.judged_since_write >= WRITE_AFTER_EVENTS {
            self.write_down(user, room, &mut counting);
        }
        Ok(counting.unread(up_to))
    }

    /// Where counting begins: where it was written down, or else where the user came in or has read to.
    async fn begin(
        &self,
        reader: &Reader,
        user: &UserId,
        room: RoomNum,
        up_to: TimelinePos,
        marks: &ReadMarks,
        counting: &mut Counting,
    ) -> Result<TimelinePos, RoomsError> {
        let key = (user.to_owned(), room);
        if let Some(record) = self.parts.store.get(&UNREAD, &key).await? {
            *counting = Counting::from_record(record);
            if let Some(counted_to) = counting.counted_to {
                return Ok(counted_to);
            }
        }
        let member = self.member(reader, room, user).await?;
        // A join that follows a join is a change of profile, not the begin of a stay.
        let came = member.filter(|member| member.previous != Some(Membership::Join));
        let came = came.map_or(TimelinePos::MIN, |member| TimelinePos::from(member.position));
        let begin = marks.unthreaded.map_or(came, |read| read.max(came));
        let range = TimelineRange::between(begin, up_to.max(begin));
        let recent = self.timeline(reader, room, range, Direction::Backward, JUDGED_AT_FIRST_MAX).await?;
        let floor = recent.last().filter(|_| recent.len() == JUDGED_AT_FIRST_MAX);
        Ok(floor.map_or(begin, |(position, _)| position.previous().max(begin)))
    }

    /// Judges the events in `(from, to]`.
    async fn count_on(
        &self,
        reader: &Reader,
        user: &UserId,
        room: RoomNum,
        (mut from, to): (TimelinePos, TimelinePos),
        counting: &mut Counting,
    ) -> Result<(), RoomsError> {
        let mut judge: Option<PushJudge> = None;
        loop {
            let range = TimelineRange::between(from, to);
            let rows = self.timeline(reader, room, range, Direction::Forward, STRETCH_ROWS).await?;
            let exhausted = rows.len() < STRETCH_ROWS;
            for (position, num) in rows {
                from = position;
                let judge = match &judge {
                    Some(judge) => judge,
                    None => judge.insert(self.push_judge(reader, user, room).await?),
                };
                self.count_event(reader, judge, position, num, counting).await?;
                counting.judged_since_write += 1;
            }
            if exhausted {
                return Ok(());
            }
        }
    }

    async fn count_event(
        &self,
        reader: &Reader,
        judge: &PushJudge,
        position: TimelinePos,
        num: EventNum,
        counting: &mut Counting,
    ) -> Result<(), RoomsError> {
        let pdu = self.pdu(reader, num).await?;
        if pdu.kind() == "m.room.redaction" {
            self.forget_redacted(reader, &pdu, counting).await?;
        }
        if pdu.sender() == judge.user() {
            if shows_that_the_sender_read(&pdu) {
                let thread = self.thread_of(reader, &pdu).await?;
                counting.own_event(thread, position);
            }
            return Ok(());
        }
        let meta = self.meta(reader, num).await?;
        if meta.redacted_by.is_some() {
            return Ok(());
        }
        let thread_subscribed = self.thread_subscribed(reader, judge.user(), meta.room, &pdu).await?;
        let Some(highlight) = judge.notifies(&pdu, thread_subscribed) else { return Ok(()) };
        let thread = self.thread_of(reader, &pdu).await?;
        counting.add(Entry { position, event: num, thread, highlight });
        Ok(())
    }

    async fn forget_redacted(
        &self,
        reader: &Reader,
        redaction: &Pdu,
        counting: &mut Counting,
    ) -> Result<(), RoomsError> {
        for target in [redaction.top_level_redacts(), redaction.content_redacts()].into_iter().flatten() {
            let Some(num) = self.event_num(reader, target).await? else { continue };
            // The redaction may have been refused; the row of its target tells.
            if self.meta(reader, num).await?.redacted_by.is_some() {
                counting.entries.retain(|entry| entry.event != num);
            }
        }
        Ok(())
    }

    /// Puts the counting into the store without waiting: losing it costs a recount, nothing else.
    fn write_down(&self, user: &UserId, room: RoomNum, counting: &mut Counting) {
        let mut batch = Batch::new();
        batch.put(&UNREAD, &(user.to_owned(), room), &counting.to_record());
        drop(self.parts.store.submit(batch));
        counting.judged_since_write = 0;
    }
}

/// Messages do; reactions, redactions and state can come from a glance or from a machine.
fn shows_that_the_sender_read(pdu: &Pdu) -> bool {
    !pdu.is_state() && !matches!(pdu.kind(), "m.reaction" | "m.room.redaction")
}
