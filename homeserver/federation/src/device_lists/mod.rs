//! Device lists of users of other servers: followed by what their servers announce, fetched whole when something is
//! missing.
//!
//! [`hearing`] takes announcements in, [`fetching`] asks for whole lists, one question for each user at a time, and
//! [`parting`] marks lists stale when the last common room ends, because nobody announces anything to us then. What is
//! owed is a row, so a start goes on where the last run ended. The lists lie in `keys`, which checks every key.
//! See <https://spec.matrix.org/v1.19/server-server-api/#device-management>.

mod fetching;
mod hearing;
mod parting;
mod waiting;

use base::Shutdown;
use model::StreamPos;
use parking_lot::Mutex;
use rooms::{Membership, RoomsError};
use ruma::{OwnedUserId, UserId};
use tokio::sync::Notify;

pub use self::parting::CURSOR as STREAM_READER;
use self::waiting::Waiting;
pub(crate) use self::{fetching::Fetched, hearing::Announcements};
use crate::{Federation, flight::Flights, limits::LOCALS_EXAMINED_MAX};

/// What memory holds of the lists.
#[derive(Default)]
pub(crate) struct DeviceLists {
    /// Lists that are being fetched.
    flights: Flights<OwnedUserId, Fetched>,
    /// Lists that are to be fetched.
    waiting: Mutex<Waiting>,
    /// Something waits.
    work: Notify,
}

impl Federation {
    /// Keeps the device lists of other servers' users up to date until the server stops. Run once.
    pub async fn keep_device_lists(self, shutdown: Shutdown) {
        tokio::join!(self.fetch_lists(&shutdown), self.mark_parted(&shutdown));
    }

    /// Whether a user of another server is in a room with one of ours, other than `except`, and was before this
    /// position.
    async fn shared_a_room_before(
        &self,
        user: &UserId,
        except: Option<model::RoomNum>,
        position: StreamPos,
    ) -> Result<bool, RoomsError> {
        let rooms = &self.parts().rooms;
        let was_joined = |member: &rooms::Member| {
            let is_profile = member.previous == Some(Membership::Join);
            member.membership == Membership::Join && (is_profile || member.position < position)
        };
        for (room, member) in rooms.rooms_of_user(user).await?.iter() {
            if Some(*room) == except || !was_joined(member) {
                continue;
            }
            let locals = rooms.local_members(*room).await?;
            for local in locals.iter().take(LOCALS_EXAMINED_MAX) {
                if rooms.member(rooms.store(), *room, local).await?.is_some_and(|member| was_joined(&member))
                {
                    return Ok(true);
                }
            }
        }
        Ok(false)
    }
}
