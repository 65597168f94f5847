//! The room that the bot makes for a meeting.

use ruma::{OwnedRoomId, RoomId};
use serde::{Deserialize, Serialize};

use crate::meeting::Meeting;

/// A room that the bot makes for a meeting.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OwnRoom {
    /// Under which key it is ordered.
    pub place: String,
    /// Whether it is ordered: once the meeting has its time and asks anybody. It stays through moves and cancellation.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub is_open: bool,
    /// The room, once it is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<OwnedRoomId>,
    /// Whether it cannot be made.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub is_refused: bool,
}

impl OwnRoom {
    /// A room that is not ordered yet.
    #[must_use]
    pub const fn called(place: String) -> Self {
        Self { place, is_open: false, id: None, is_refused: false }
    }
}

impl Meeting {
    /// The room that is made for it, once it is ordered and unless it cannot be made.
    #[must_use]
    pub fn own_room(&self) -> Option<&OwnRoom> {
        self.room.as_ref().filter(|own| own.is_open && !own.is_refused)
    }

    /// Whether its room is ordered and not known yet: until then guests have no link.
    #[must_use]
    pub fn awaits_room(&self) -> bool {
        self.own_room().is_some_and(|own| own.id.is_none())
    }

    /// Whether people talk about it in this room: where it was asked for, or the room that was made for it.
    #[must_use]
    pub fn is_talked_of_in(&self, room: &RoomId) -> bool {
        self.home.room.as_deref() == Some(room)
            || self.own_room().and_then(|own| own.id.as_deref()) == Some(room)
    }
}
