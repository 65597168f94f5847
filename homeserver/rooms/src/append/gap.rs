//! Gaps: places in a timeline before which events are missing, and the room that is kept free for them.

use model::{EventNum, Pdu, StreamPos, TimelinePos};
use ruma::OwnedEventId;

use super::Draft;
use crate::RoomsError;
use crate::limits::GAP_POSITIONS;
use crate::tables::{GAP, GapRecord};

impl Draft {
    /// A position with free places before it, so that what is missing there can be put in later. A new room needs
    /// none: before its first event everything is free.
    pub(super) fn position_after_gap(&mut self) -> StreamPos {
        if !self.is_new_room() {
            for _ in 0..GAP_POSITIONS {
                let _free = self.batch.position();
            }
        }
        self.batch.position()
    }

    /// Notes which parents of an event the timeline lacks that has this place, if any. `wanted`: see
    /// [`GapRecord::wanted`].
    pub(super) fn put_gap(
        &mut self,
        pdu: &Pdu,
        missing: Vec<OwnedEventId>,
        position: StreamPos,
        wanted: bool,
    ) {
        if !missing.is_empty() {
            let row = GapRecord { missing, wanted, depth: pdu.depth() };
            self.batch.put(&GAP, &(self.room, TimelinePos::from(position)), &row);
            self.effects.gap(position);
        }
    }

    /// Numbers of the events that one names as its authority; all must be known and of this room.
    pub(super) async fn known_authority(
        &self,
        event_ids: &[OwnedEventId],
    ) -> Result<Vec<EventNum>, RoomsError> {
        let mut known = Vec::with_capacity(event_ids.len());
        for event_id in event_ids {
            // An event of another room answers exactly like an unknown one.
            let standing = self.rooms.standing(self.room, event_id).await?;
            known.push(standing.ok_or(RoomsError::EventNotFound)?.event);
        }
        Ok(known)
    }
}
