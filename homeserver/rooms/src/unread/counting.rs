//! What is remembered of one user in one room: the events that notify and were not read.

use std::collections::HashMap;

use model::{EventNum, TimelinePos};
use ruma::OwnedEventId;

use super::{UNREAD_EVENTS_MAX, Unread};
use crate::{reading_tables::UnreadRecord, receipts::ReadMarks};

/// One notifying event that was not read when it was counted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Entry {
    pub(super) position: TimelinePos,
    pub(super) event: EventNum,
    pub(super) thread: Option<OwnedEventId>,
    pub(super) highlight: bool,
}

/// What is known of one user in one room.
#[derive(Default)]
pub(crate) struct Counting {
    /// Everything up to here was judged; none before the first time.
    pub(super) counted_to: Option<TimelinePos>,
    pub(super) entries: Vec<Entry>,
    /// The user's own latest message by thread: who writes has read.
    pub(super) own: HashMap<Option<OwnedEventId>, TimelinePos>,
    pub(super) judged_since_write: usize,
}

impl Counting {
    pub(super) fn add(&mut self, entry: Entry) {
        if self.entries.len() < UNREAD_EVENTS_MAX {
            self.entries.push(entry);
        }
    }

    pub(super) fn own_event(&mut self, thread: Option<OwnedEventId>, position: TimelinePos) {
        self.entries.retain(|entry| entry.thread != thread);
        self.own.insert(thread, position);
    }

    pub(super) fn forget_read(&mut self, marks: &ReadMarks) {
        let own = &self.own;
        self.entries.retain(|entry| {
            let read_to = marks.read_to(entry.thread.as_deref()).max(own.get(&entry.thread).copied());
            read_to.is_none_or(|read_to| entry.position > read_to)
        });
    }

    /// Counts of what stands up to a position; another device may have counted further already.
    pub(super) fn unread(&self, up_to: TimelinePos) -> Unread {
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

    pub(super) fn to_record(&self) -> UnreadRecord {
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

    pub(super) fn from_record(record: UnreadRecord) -> Self {
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
    use crate::unread::Counts;

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
