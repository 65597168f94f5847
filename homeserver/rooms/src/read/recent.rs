//! The newest events of each room in memory: what every sync, every count and most pages begin with.

use std::ops::Bound;
use std::sync::Arc;

use model::{EventNum, RoomNum, TimelinePos};
use ruma::api::Direction;
use store::Scan;

use super::TimelineRange;
use crate::limits::RECENT_EVENTS_MAX;
use crate::tables::TIMELINE;
use crate::{Rooms, RoomsError};

/// The end of a room's timeline: every event after `after`, the oldest first.
#[derive(Clone, Debug)]
pub(crate) struct Recent {
    after: TimelinePos,
    events: Vec<(TimelinePos, EventNum)>,
}

impl Recent {
    /// From the rows that were read backwards, at most [`RECENT_EVENTS_MAX`].
    fn of(mut events: Vec<(TimelinePos, EventNum)>) -> Self {
        events.reverse();
        let whole = events.len() < RECENT_EVENTS_MAX;
        let oldest = events.first().filter(|_| !whole);
        Self { after: oldest.map_or(TimelinePos::MIN, |(position, _)| position.previous()), events }
    }

    /// Bytes that it takes in memory.
    pub fn bytes(&self) -> usize {
        self.events.capacity() * size_of::<(TimelinePos, EventNum)>() + 96
    }

    /// With one more event; none when it does not come last, and the end has to be read anew.
    pub fn with(&self, position: TimelinePos, event: EventNum) -> Option<Self> {
        if self.events.last().is_some_and(|(last, _)| *last >= position) {
            return None;
        }
        let dropped = (self.events.len() + 1).saturating_sub(RECENT_EVENTS_MAX);
        let mut events = Vec::with_capacity(RECENT_EVENTS_MAX.min(self.events.len() + 8));
        events.extend_from_slice(self.events.get(dropped..).unwrap_or_default());
        events.push((position, event));
        let after = match dropped.checked_sub(1).and_then(|last| self.events.get(last)) {
            Some((position, _)) => *position,
            None => self.after,
        };
        Some(Self { after, events })
    }

    /// What the store would answer; none when it reaches further back than memory.
    pub fn answer(
        &self,
        range: TimelineRange,
        direction: Direction,
        limit: usize,
    ) -> Option<Vec<(TimelinePos, EventNum)>> {
        let start = match range.from {
            Bound::Included(from) => self.events.partition_point(|(position, _)| *position < from),
            Bound::Excluded(from) => self.events.partition_point(|(position, _)| *position <= from),
            Bound::Unbounded => 0,
        };
        let end = match range.to {
            Bound::Included(to) => self.events.partition_point(|(position, _)| *position <= to),
            Bound::Excluded(to) => self.events.partition_point(|(position, _)| *position < to),
            Bound::Unbounded => self.events.len(),
        };
        let wanted = self.events.get(start..end.max(start)).unwrap_or_default();
        let reaches = match range.from {
            Bound::Included(from) => from > self.after,
            Bound::Excluded(from) => from >= self.after,
            Bound::Unbounded => self.after == TimelinePos::MIN,
        };
        match direction {
            Direction::Backward if reaches || wanted.len() >= limit => {
                Some(wanted.iter().rev().take(limit).copied().collect())
            }
            Direction::Forward if reaches => Some(wanted.iter().take(limit).copied().collect()),
            Direction::Backward | Direction::Forward => None,
        }
    }
}

impl Rooms {
    /// The end of a room's timeline, from memory after the first use.
    pub(super) async fn recent(&self, room: RoomNum) -> Result<Arc<Recent>, RoomsError> {
        self.caches
            .recent
            .get_or_load(&room, async {
                let newest = Scan::prefix(&room).reverse().limit(RECENT_EVENTS_MAX);
                let rows = self.parts.store.scan(&TIMELINE, newest).await?;
                let events = rows.into_iter().map(|((_, position), event)| (position, event)).collect();
                Ok(Arc::new(Recent::of(events)))
            })
            .await
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(position: i64) -> TimelinePos {
        TimelinePos::new(position)
    }

    /// A room whose events stand at 10, 20, 30 and so on.
    fn recent(count: i64) -> Recent {
        let rows = (1..=count).rev().take(RECENT_EVENTS_MAX);
        Recent::of(rows.map(|number| (at(number * 10), EventNum::new(number as u64))).collect())
    }

    fn numbers(rows: Option<Vec<(TimelinePos, EventNum)>>) -> Option<Vec<u64>> {
        rows.map(|rows| rows.into_iter().map(|(_, event)| event.get()).collect())
    }

    #[test]
    fn a_short_room_is_answered_whole() {
        let recent = recent(4);
        let table = [
            (TimelineRange::all(), Direction::Backward, 2, vec![4, 3]),
            (TimelineRange::all(), Direction::Forward, 9, vec![1, 2, 3, 4]),
            (TimelineRange::between(at(10), at(30)), Direction::Forward, 9, vec![2, 3]),
            (TimelineRange::between(at(10), at(29)), Direction::Backward, 9, vec![2]),
            (TimelineRange::after(at(40)), Direction::Backward, 9, vec![]),
            (TimelineRange::between(at(35), at(15)), Direction::Forward, 9, vec![]),
        ];
        for (range, direction, limit, expected) in table {
            assert_eq!(numbers(recent.answer(range, direction, limit)), Some(expected), "{range:?}");
        }
    }

    #[test]
    fn what_lies_further_back_is_left_to_the_store() {
        let recent = recent(200);
        assert_eq!(
            numbers(recent.answer(TimelineRange::all(), Direction::Backward, 2)),
            Some(vec![200, 199])
        );
        assert_eq!(numbers(recent.answer(TimelineRange::all(), Direction::Backward, 100)), None);
        assert_eq!(numbers(recent.answer(TimelineRange::all(), Direction::Forward, 1)), None);
        let known = TimelineRange::after(at(1_980));
        assert_eq!(numbers(recent.answer(known, Direction::Forward, 9)), Some(vec![199, 200]));
        assert_eq!(numbers(recent.answer(TimelineRange::up_to(at(100)), Direction::Backward, 1)), None);
    }

    #[test]
    fn new_events_push_out_the_oldest() {
        let mut recent = recent(3);
        for number in 4..=200 {
            recent = recent.with(at(number * 10), EventNum::new(number as u64)).expect("comes last");
        }
        let fresh = self::recent(200);
        assert_eq!(recent.events, fresh.events);
        let oldest = recent.events.first().map(|(position, _)| *position).expect("events");
        for range in [TimelineRange::after(oldest.previous()), TimelineRange::after(recent.after)] {
            let count = recent.answer(range, Direction::Forward, 999).map(|rows| rows.len());
            assert_eq!(count, Some(RECENT_EVENTS_MAX));
        }
        assert!(recent.with(at(5), EventNum::new(9)).is_none(), "an event in the middle");
    }
}
