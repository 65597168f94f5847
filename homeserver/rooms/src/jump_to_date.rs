//! The event nearest to a point in time.
//!
//! [Jump to date](https://spec.matrix.org/v1.19/client-server-api/#get_matrixclientv1roomsroomidtimestamp_to_event)

use model::TimelinePos;
use ruma::api::Direction;
use store::{Reader, Scan};

use crate::{
    Rooms, RoomsError,
    access::{ReadableRoom, Viewer},
    tables::TIMESTAMP,
    visibility::{Judge, Shown},
};

/// Rows read at once.
const STRETCH_ROWS: usize = 32;
/// Events tried before the search gives up on finding a visible one.
const TRIED_MAX: usize = 5_000;

impl Rooms {
    /// The visible event at or next to `time_ms`, looking into one direction; events of the same
    /// time are told apart by their place in the timeline.
    ///
    /// # Errors
    /// `EventNotFound` when there is none.
    pub async fn event_near(
        &self,
        reader: &Reader,
        viewer: Viewer<'_>,
        room: &ReadableRoom,
        time_ms: u64,
        direction: Direction,
    ) -> Result<Shown, RoomsError> {
        let mut judge = Judge::new(self, reader, viewer.user, room.room());
        let mut edge = match direction {
            Direction::Forward => (room.room(), time_ms, TimelinePos::MIN),
            Direction::Backward => (room.room(), time_ms, TimelinePos::MAX),
        };
        let mut tried = 0;
        while tried < TRIED_MAX {
            let scan = Scan::prefix(&room.room()).limit(STRETCH_ROWS);
            let scan = match direction {
                Direction::Forward => scan.after(&edge),
                Direction::Backward => scan.until(&edge).reverse(),
            };
            let rows = reader.scan(&TIMESTAMP, scan).await?;
            tried += rows.len();
            let exhausted = rows.len() < STRETCH_ROWS;
            for (key, num) in rows {
                let (_, _, position): (_, _, TimelinePos) = key;
                edge = key;
                if position > room.newest() {
                    continue;
                }
                if let Some(shown) = judge.show(num).await? {
                    return Ok(shown);
                }
            }
            if exhausted {
                break;
            }
        }
        Err(RoomsError::EventNotFound)
    }
}
