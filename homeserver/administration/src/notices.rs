//! In which room a user gets server notices.

use ruma::{OwnedRoomId, RoomId, UserId};
use store::{Batch, StoreError};

use crate::{Administration, tables::NOTICE_ROOM};

impl Administration {
    /// The room of a user's server notices, if one was made.
    ///
    /// # Errors
    /// The store's own.
    pub async fn notice_room(&self, user: &UserId) -> Result<Option<OwnedRoomId>, StoreError> {
        self.0.store.get(&NOTICE_ROOM, &user.to_owned()).await
    }

    /// Remembers the room of a user's server notices in place of `old`. Returns the room that is
    /// remembered now, which is another one when somebody else was faster.
    ///
    /// # Errors
    /// The store's own.
    pub async fn set_notice_room(
        &self,
        user: &UserId,
        old: Option<&RoomId>,
        room: &RoomId,
    ) -> Result<OwnedRoomId, StoreError> {
        let key = user.to_owned();
        let mut batch = Batch::new();
        batch.expect_read(&NOTICE_ROOM, &key, old.map(ToOwned::to_owned).as_ref());
        batch.put(&NOTICE_ROOM, &key, &room.to_owned());
        match self.0.store.commit(batch).await {
            Ok(_) => Ok(room.to_owned()),
            Err(StoreError::Conflict) => {
                let now = self.0.store.get(&NOTICE_ROOM, &key).await?;
                Ok(now.unwrap_or_else(|| room.to_owned()))
            }
            Err(error) => Err(error),
        }
    }
}
