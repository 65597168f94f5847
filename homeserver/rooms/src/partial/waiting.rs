//! Waiting until a room's state is whole.

use model::RoomNum;
use ruma::UserId;
use tokio::time::timeout;

use crate::limits::COMPLETE_TIME_MAX;
use crate::{Rooms, RoomsError};

impl Rooms {
    /// Whether an entry of the state may be among those that have not come yet: the membership of a user of another
    /// server in a partial room. All else was told when the room was entered.
    #[must_use]
    pub fn may_be_missing(&self, room: RoomNum, kind: &str, state_key: &str) -> bool {
        let is_ours = || UserId::parse(state_key).is_ok_and(|user| self.is_local(&user));
        kind == "m.room.member" && self.is_partial(room) && !is_ours()
    }

    /// Waits until the memberships of a room are all here; at once for most rooms. Whoever hangs up stops waiting.
    ///
    /// # Errors
    /// [`RoomsError::StateIncomplete`] after [`COMPLETE_TIME_MAX`].
    pub async fn until_complete(&self, room: RoomNum) -> Result<(), RoomsError> {
        if !self.is_partial(room) {
            return Ok(());
        }
        let mut changes = self.partial_rooms_changes();
        let waiting = async {
            // The sender lives as long as this handle.
            while self.is_partial(room) && changes.changed().await.is_ok() {}
        };
        timeout(COMPLETE_TIME_MAX, waiting).await.map_err(|_| RoomsError::StateIncomplete)
    }
}
