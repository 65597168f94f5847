//! The fully-read marker: where a user's eyes are, kept in their account data and told to nobody.
//!
//! Independent of receipts, and like them it only moves forward, unless the user wants it back.
//! [Fully read markers](https://spec.matrix.org/v1.19/client-server-api/#fully-read-markers)

use ruma::EventId;
use serde::Deserialize;
use serde_json::{json, value::to_raw_value};
use store::Reader;

use crate::{Rooms, RoomsError, access::JoinedRoom};

/// Type of the account data that holds the marker.
pub const FULLY_READ: &str = "m.fully_read";

#[derive(Deserialize)]
struct Marker {
    event_id: String,
}

impl Rooms {
    /// Moves the marker to an event of the room; whether it moved. It goes back only where the client
    /// says that it may (MSC4446).
    ///
    /// # Errors
    /// `EventNotFound` for an event that has no place in this room's timeline.
    pub async fn set_fully_read(
        &self,
        room: &JoinedRoom,
        event_id: &EventId,
        may_go_back: bool,
    ) -> Result<bool, RoomsError> {
        let reader: &Reader = &self.parts.store;
        let num = self.event_num(reader, event_id).await?.ok_or(RoomsError::EventNotFound)?;
        let meta = self.meta(reader, num).await?;
        if meta.room != room.room() {
            return Err(RoomsError::EventNotFound);
        }
        let position = meta.position.ok_or(RoomsError::EventNotFound)?;
        let marked = self.marked(reader, room).await?;
        if marked.is_some_and(|marked| marked == position || (marked > position && !may_go_back)) {
            return Ok(false);
        }
        let content = to_raw_value(&json!({"event_id": event_id}))
            .map_err(|error| RoomsError::Corrupt(format!("a read marker: {error}")))?;
        let accounts = &self.parts.accounts;
        accounts
            .set_account_data(room.user(), Some(room.room_id()), FULLY_READ, &content)
            .await
            .map_err(|error| RoomsError::Accounts(error.to_string()))?;
        Ok(true)
    }

    async fn marked(
        &self,
        reader: &Reader,
        room: &JoinedRoom,
    ) -> Result<Option<model::TimelinePos>, RoomsError> {
        let accounts = &self.parts.accounts;
        let content = accounts.account_data(reader, room.user(), Some(room.room_id()), FULLY_READ).await?;
        let marker = content.and_then(|content| serde_json::from_str::<Marker>(content.get()).ok());
        let Some(marker) = marker.and_then(|marker| EventId::parse(marker.event_id).ok()) else {
            return Ok(None);
        };
        let Some(num) = self.event_num(reader, &marker).await? else { return Ok(None) };
        Ok(self.meta(reader, num).await?.position)
    }
}
