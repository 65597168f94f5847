//! Rooms that local users may not enter.

use ruma::{OwnedUserId, RoomId, UserId};
use store::Batch;

use super::BLOCKED_ROOM;
use crate::{Rooms, RoomsError};

impl Rooms {
    /// Keeps local users from joining, knocking on and inviting to a room, or lets them again. The room
    /// need not be known here.
    ///
    /// # Errors
    /// The store's own.
    pub async fn set_blocked(&self, room_id: &RoomId, by: &UserId, blocked: bool) -> Result<(), RoomsError> {
        let key = room_id.to_owned();
        let mut batch = Batch::new();
        if blocked {
            batch.put(&BLOCKED_ROOM, &key, &(by.to_owned(), self.parts.clock.now_ms()));
        } else {
            batch.delete(&BLOCKED_ROOM, &key);
        }
        self.parts.store.commit(batch).await?;
        Ok(())
    }

    /// Who blocked a room, if anybody did.
    ///
    /// # Errors
    /// The store's own.
    pub async fn blocked_by(&self, room_id: &RoomId) -> Result<Option<OwnedUserId>, RoomsError> {
        let row = self.parts.store.get(&BLOCKED_ROOM, &room_id.to_owned()).await?;
        Ok(row.map(|(by, _)| by))
    }

    pub(crate) async fn must_not_be_blocked(&self, room_id: &RoomId) -> Result<(), RoomsError> {
        if self.parts.store.exists(&BLOCKED_ROOM, &room_id.to_owned()).await? {
            return Err(RoomsError::forbidden("this room has been blocked on this server"));
        }
        Ok(())
    }
}
