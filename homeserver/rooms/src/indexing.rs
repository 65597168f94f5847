//! What the search index reads of rooms to be built and kept up: rights are not asked here.
//!
//! Nothing of this may reach a client without the judgement of [`crate::access`] and
//! [`crate::visibility`].

use model::{EventNum, Pdu, RoomNum};
use store::{Reader, Scan};

use crate::{
    Rooms, RoomsError,
    index::RelationClass,
    limits::PAGE_ROWS,
    relations::{Bounds, EDITS_MAX},
    tables::{ROOM, ROOM_NUM},
};

impl Rooms {
    /// Rooms in the order of their numbers, at most [`PAGE_ROWS`]: ask again after the last one until
    /// none comes.
    ///
    /// # Errors
    /// The store's own.
    pub async fn rooms_after(
        &self,
        reader: &Reader,
        after: Option<RoomNum>,
    ) -> Result<Vec<RoomNum>, RoomsError> {
        let mut scan = Scan::all().limit(PAGE_ROWS);
        if let Some(after) = after {
            scan = scan.after(&after);
        }
        Ok(reader.scan_keys(&ROOM, scan).await?)
    }

    /// Whether there is a room of this number; one that is being deleted is gone already.
    ///
    /// # Errors
    /// The store's own.
    pub async fn room_exists(&self, reader: &Reader, room: RoomNum) -> Result<bool, RoomsError> {
        let Some(record) = reader.get(&ROOM, &room).await? else { return Ok(false) };
        Ok(reader.get(&ROOM_NUM, &record.room_id).await? == Some(room))
    }

    /// The edit that holds for a message: by its own sender, of its type, the latest by time, then by
    /// id; redacted ones have no row any more.
    ///
    /// # Errors
    /// The store's own.
    pub async fn newest_edit(
        &self,
        reader: &Reader,
        room: RoomNum,
        original: &Pdu,
    ) -> Result<Option<(EventNum, Pdu)>, RoomsError> {
        let rows = self
            .children(
                reader,
                room,
                original.event_id(),
                RelationClass::Replace,
                Bounds::newest_first(),
                EDITS_MAX,
            )
            .await?;
        let mut newest: Option<(EventNum, Pdu)> = None;
        for row in rows {
            if row.sender != *original.sender() || row.kind != original.kind() {
                continue;
            }
            let edit = self.pdu(reader, row.event).await?;
            let is_newer = newest.as_ref().is_none_or(|(_, newest)| {
                (newest.origin_server_ts(), newest.event_id()) < (edit.origin_server_ts(), edit.event_id())
            });
            if is_newer && edit.content_str().contains("\"m.new_content\"") {
                newest = Some((row.event, edit));
            }
        }
        Ok(newest)
    }
}
