//! Forgetting: a left room is no longer shown to the user.

use ruma::{RoomId, UserId};
use store::{Batch, StoreError};

use crate::limits::APPEND_ATTEMPTS_MAX;
use crate::member::{Member, Membership};
use crate::tables::{MEMBER, ROOM_OF_USER};
use crate::{Rooms, RoomsError};

impl Rooms {
    /// Forgets a room that the user is not in. Nothing to forget is no error.
    ///
    /// # Errors
    /// [`RoomsError::StillInRoom`] for joined, invited and knocking users.
    pub async fn forget(&self, room_id: &RoomId, user: &UserId) -> Result<(), RoomsError> {
        let store = &self.parts.store;
        let Some(room) = self.room_num(store, room_id).await? else { return Ok(()) };
        for _ in 0..APPEND_ATTEMPTS_MAX {
            let Some(member) = self.member(store, room, user).await? else { return Ok(()) };
            match member.membership {
                Membership::Join | Membership::Invite | Membership::Knock => {
                    return Err(RoomsError::StillInRoom);
                }
                Membership::Leave | Membership::Ban if member.forgotten => return Ok(()),
                Membership::Leave | Membership::Ban => {}
            }
            match store.commit(self.forgetting(room, user, member)).await {
                Ok(_) => return Ok(()),
                Err(StoreError::Conflict) => {}
                Err(error) => return Err(error.into()),
            }
        }
        Err(RoomsError::Contended)
    }

    fn forgetting(&self, room: model::RoomNum, user: &UserId, member: Member) -> Batch {
        let (by_user, by_room) = ((user.to_owned(), room), (room, user.to_owned()));
        let forgotten = Member { forgotten: true, ..member };
        let mut batch = Batch::new();
        batch.expect_eq(&ROOM_OF_USER, &by_user, &member.to_row());
        batch.put(&ROOM_OF_USER, &by_user, &forgotten.to_row());
        batch.put(&MEMBER, &by_room, &forgotten.to_row());
        let (rooms, user) = (self.clone(), user.to_owned());
        batch.on_commit(move |_| rooms.caches.rooms_of_user.invalidate(&user));
        batch
    }
}
