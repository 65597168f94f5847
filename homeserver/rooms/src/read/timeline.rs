//! The order in which clients see the events of a room.

use std::ops::Bound;

use model::{EventNum, RoomNum, StreamPos, TimelinePos};
use ruma::api::Direction;
use store::{Reader, Scan};

use crate::tables::TIMELINE;
use crate::{Rooms, RoomsError};

/// A stretch of a timeline, from the older to the newer bound.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TimelineRange {
    /// The older bound.
    pub from: Bound<TimelinePos>,
    /// The newer bound.
    pub to: Bound<TimelinePos>,
}

impl TimelineRange {
    /// The whole timeline.
    #[must_use]
    pub fn all() -> Self {
        Self { from: Bound::Unbounded, to: Bound::Unbounded }
    }

    /// Everything up to and including `position`.
    #[must_use]
    pub fn up_to(position: TimelinePos) -> Self {
        Self { from: Bound::Unbounded, to: Bound::Included(position) }
    }

    /// Everything newer than `position`.
    #[must_use]
    pub fn after(position: TimelinePos) -> Self {
        Self { from: Bound::Excluded(position), to: Bound::Unbounded }
    }

    /// Newer than `after`, up to and including `up_to`.
    #[must_use]
    pub fn between(after: TimelinePos, up_to: TimelinePos) -> Self {
        Self { from: Bound::Excluded(after), to: Bound::Included(up_to) }
    }
}

impl Rooms {
    /// At most `limit` events of a stretch: the oldest first when going forward, the newest first
    /// when going backward.
    pub async fn timeline(
        &self,
        reader: &Reader,
        room: RoomNum,
        range: TimelineRange,
        direction: Direction,
        limit: usize,
    ) -> Result<Vec<(TimelinePos, EventNum)>, RoomsError> {
        // A batch that is committed at this moment may be seen early; bounded ranges never show it.
        if let Some(rows) = self.recent(room).await?.answer(range, direction, limit) {
            return Ok(rows);
        }
        let mut scan = Scan::prefix(&room);
        scan = match range.from {
            Bound::Included(position) => scan.from(&(room, position)),
            Bound::Excluded(position) => scan.after(&(room, position)),
            Bound::Unbounded => scan,
        };
        scan = match range.to {
            Bound::Included(position) => scan.up_to(&(room, position)),
            Bound::Excluded(position) => scan.until(&(room, position)),
            Bound::Unbounded => scan,
        };
        if direction == Direction::Backward {
            scan = scan.reverse();
        }
        let rows = reader.scan(&TIMELINE, scan.limit(limit)).await?;
        Ok(rows.into_iter().map(|((_, position), event)| (position, event)).collect())
    }

    /// Position of the newest event of a room. From memory after the first use; never too low.
    pub async fn latest_position(&self, room: RoomNum) -> Result<StreamPos, RoomsError> {
        self.caches
            .latest_event
            .get_or_load(&room, async {
                let newest = self
                    .timeline(&self.parts.store, room, TimelineRange::all(), Direction::Backward, 1)
                    .await?;
                let newest =
                    newest.first().map_or(0, |(position, _)| u64::try_from(position.get()).unwrap_or(0));
                Ok(StreamPos::new(newest))
            })
            .await
    }

    /// The id of the newest event of a room.
    pub async fn last_event_id(&self, room: RoomNum) -> Result<Option<ruma::OwnedEventId>, RoomsError> {
        let store = &self.parts.store;
        let newest = self.timeline(store, room, TimelineRange::all(), Direction::Backward, 1).await?;
        match newest.first() {
            Some((_, event)) => Ok(Some(self.pdu(store, *event).await?.event_id().to_owned())),
            None => Ok(None),
        }
    }
}
