//! The room that the bot makes for a meeting: it is there, or never will be.

use calendar::{Conference, ConferenceKind};
use cases::Refusal;
use ruma::OwnedRoomId;

use crate::{
    desk::Desk,
    meeting::{Meeting, state},
};

impl Desk<'_> {
    /// The room is there: people talk in its call, and guests who are asked by mail get their link. Without one they are asked
    /// all the same.
    pub fn furnish(&mut self, room: Option<&OwnedRoomId>) -> Result<(), Refusal> {
        let at_ms = self.world.at_ms;
        let meeting = self.meeting();
        let Some(own) = meeting.room.as_mut().filter(|own| own.id.is_none() && !own.is_refused) else {
            return Ok(());
        };
        let action = match room {
            None => {
                own.is_refused = true;
                "lack_room"
            }
            Some(room) => {
                own.id = Some(room.clone());
                let event = &mut meeting.event;
                event.room_id = Some(room.clone());
                // Of two versions with the same sequence the later counts.
                event.stamp_ms = at_ms;
                event.conference.get_or_insert_with(|| call_in(room));
                "furnish"
            }
        };
        let state = self.case.state.clone();
        self.record(action, &state);
        Ok(())
    }
}

/// The call of a room.
pub(crate) fn call_in(room: &OwnedRoomId) -> Conference {
    let url = room.matrix_to_uri().to_string();
    Conference { kind: ConferenceKind::ElementCall, url, room_id: Some(room.clone()) }
}

/// A meeting that has its time and asks anybody has its room opened, and keeps it from then on.
pub(crate) fn open(meeting: &mut Meeting, is_in: &str) {
    let takes_place = matches!(is_in, state::SCHEDULED | state::LIVE) && meeting.people().next().is_some();
    if let Some(own) = meeting.room.as_mut().filter(|_| takes_place) {
        own.is_open = true;
    }
}
