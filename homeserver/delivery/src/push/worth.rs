//! Whether a row of a queue is still worth a request.

use rooms::{Membership, RoomsError, access::Viewer};
use store::StoreError;

use super::{
    Push,
    tables::{PusherKey, PusherRow},
};

impl Push {
    /// Whether the user is still to be told of an event: not read, not taken back, still theirs to see.
    pub(crate) async fn still_matters(
        &self,
        key: &PusherKey,
        room: model::RoomNum,
        event: model::EventNum,
    ) -> Result<bool, RoomsError> {
        let rooms = &self.0.parts.rooms;
        let reader = &**rooms.store();
        if rooms.meta(reader, event).await?.redacted_by.is_some() {
            return Ok(false);
        }
        let Some(member) = rooms.member(reader, room, &key.0).await? else { return Ok(false) };
        match member.membership {
            Membership::Join => {
                let viewer = Viewer { user: &key.0, device: None };
                Ok(!rooms.has_read(reader, viewer, room, event).await?)
            }
            Membership::Invite => Ok(member.event == event),
            Membership::Leave | Membership::Ban | Membership::Knock => Ok(false),
        }
    }

    /// Whether the pusher's device and user still are what they were when it was set.
    pub(super) async fn may_hear(&self, key: &PusherKey, pusher: &PusherRow) -> Result<bool, StoreError> {
        let accounts = &self.0.parts.accounts;
        let reader = accounts.reader();
        if !accounts.is_active(reader, &key.0).await? {
            return Ok(false);
        }
        match &pusher.device {
            Some(device) => accounts.device_exists(reader, &key.0, device).await,
            None => Ok(true),
        }
    }
}
