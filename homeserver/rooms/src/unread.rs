//! Unread and highlight counts, by thread, for one user in one room.
//!
//! Counted lazily, when a sync of that user shows the room: each new event is judged once by the
//! user's compiled push rules, those that notify are remembered until a receipt covers them. What is
//! remembered is written to the store now and then as a short-cut and can be counted again at any
//! time. Never sends a push.
//! [Receiving notifications](https://spec.matrix.org/v1.19/client-server-api/#receiving-notifications)

use std::{
    collections::{BTreeMap, HashMap},
    sync::Arc,
};

use model::{EventNum, Pdu, RoomNum, StreamPos, TimelinePos};
use ruma::{OwnedEventId, OwnedUserId, UserId, api::Direction};
use store::{Batch, Reader};
use tokio::sync::Mutex;

use crate::{
    Membership, Rooms, RoomsError, TimelineRange,
    cache::Cache,
    push_context::PushJudge,
    reading_tables::{UNREAD, UnreadRecord},
    receipts::ReadMarks,
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

/// One notifying event that was not read when it was counted.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Entry {
    position: TimelinePos,
    event: EventNum,
    thread: Option<OwnedEventId>,
    highlight: bool,
}

/// What is known of one user in one room.
#[derive(Default)]
pub(crate) struct Counting {
    /// Everything up to here was judged; none before the first time.
    counted_to: Option<TimelinePos>,
    entries: Vec<Entry>,
    /// The user's own latest message by thread: who writes has read.
    own: HashMap<Option<OwnedEventId>, TimelinePos>,
    judged_since_write: usize,
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

impl Counting {
    fn add(&mut self, entry: Entry) {
        if self.entries.len() < UNREAD_EVENTS_MAX {
            self.entries.push(entry);
        }
    }

    fn own_event(&mut self, thread: Option<OwnedEventId>, position: TimelinePos) {
        self.entries.retain(|entry| entry.thread != thread);
        self.own.insert(thread, position);
    }

    fn forget_read(&mut self, marks: &ReadMarks) {
        let own = &self.own;
        self.entries.retain(|entry| {
            let read_to = marks.read_to(entry.thread.as_deref()).max(own.get(&entry.thread).copied());
            read_to.is_none_or(|read_to| entry.position > read_to)
        });
    }

    /// Counts of what stands up to a position; another device may have counted further already.
    fn unread(&self, up_to: TimelinePos) -> Unread {
        let mut unread = Unread::default();
        for entry in self.entries.iter().filter(|entry| entry.position <= up_to) {
            let counts = match &entry.thread {
                None => &mut unread.main,
                Some(root) => unread.threads.entry(root.clone()).or_default(),
            };
            counts.notifications += 1;
            counts.highlights += u64::from(entry.highlight);
        }
        unread
    }

    fn to_record(&self) -> UnreadRecord {
        let mut threads: Vec<OwnedEventId> = Vec::new();
        let mut index: HashMap<&OwnedEventId, u32> = HashMap::new();
        let mut entries = Vec::with_capacity(self.entries.len());
        for entry in &self.entries {
            let thread = entry.thread.as_ref().map_or(0, |root| {
                *index.entry(root).or_insert_with(|| {
                    threads.push(root.clone());
                    u32::try_from(threads.len()).unwrap_or(u32::MAX)
                })
            });
            entries.push((entry.position.get(), entry.event.get(), thread, entry.highlight));
        }
        let own = self.own.iter().map(|(thread, position)| (thread.clone(), position.get())).collect();
        UnreadRecord { counted_to: self.counted_to.unwrap_or(TimelinePos::MIN).get(), entries, threads, own }
    }

    fn from_record(record: UnreadRecord) -> Self {
        let thread = |index: u32| {
            let index = usize::try_from(index).ok()?.checked_sub(1)?;
            record.threads.get(index).cloned()
        };
        let entry = |(position, event, index, highlight): &(i64, u64, u32, bool)| Entry {
            position: TimelinePos::new(*position),
            event: EventNum::new(*event),
            thread: thread(*index),
            highlight: *highlight,
        };
        Self {
            counted_to: Some(TimelinePos::new(record.counted_to)),
            entries: record.entries.iter().map(entry).collect(),
            own: record.own.iter().map(|(thread, at)| (thread.clone(), TimelinePos::new(*at))).collect(),
            judged_since_write: 0,
        }
    }
}

#[cfg(test)]
mod tests {
    use ruma::event_id;

    use super::*;

    fn entry(position: i64, thread: Option<&str>, highlight: bool) -> Entry {
        let thread = thread.and_then(|root| OwnedEventId::try_from(root).ok());
        Entry { position: TimelinePos::new(position), event: EventNum::new(1), thread, highlight }
    }

    fn counting() -> Counting {
        let entries = vec![
            entry(1, None, false),
            entry(2, Some("$t"), true),
            entry(3, None, true),
            entry(4, Some("$t"), false),
        ];
        Counting { counted_to: Some(TimelinePos::new(4)), entries, ..Counting::default() }
    }

    #[test]
    fn threads_are_counted_apart_and_together() {
        let unread = counting().unread(TimelinePos::new(9));
        assert_eq!(unread.main, Counts { notifications: 2, highlights: 1 });
        assert_eq!(unread.threads.get(event_id!("$t")), Some(&Counts { notifications: 2, highlights: 1 }));
        assert_eq!(unread.total(), Counts { notifications: 4, highlights: 2 });
        assert_eq!(counting().unread(TimelinePos::new(2)).total().notifications, 2);
    }

    #[test]
    fn a_receipt_covers_its_thread_alone() {
        let mut counting = counting();
        let marks = ReadMarks { main: Some(TimelinePos::new(3)), ..ReadMarks::default() };
        counting.forget_read(&marks);
        let unread = counting.unread(TimelinePos::new(9));
        assert_eq!((unread.main.notifications, unread.total().notifications), (0, 2));
    }

    #[test]
    fn an_own_message_reads_its_thread() {
        let mut counting = counting();
        counting.own_event(None, TimelinePos::new(5));
        assert_eq!(counting.unread(TimelinePos::new(9)).main, Counts::default());
        assert_eq!(counting.unread(TimelinePos::new(9)).total().notifications, 2);
    }

    #[test]
    fn a_record_gives_back_what_was_counted() {
        let mut before = counting();
        before.own_event(Some(event_id!("$u").to_owned()), TimelinePos::new(4));
        let after = Counting::from_record(before.to_record());
        assert_eq!(after.entries, before.entries);
        assert_eq!((after.counted_to, &after.own), (before.counted_to, &before.own));
    }
}
