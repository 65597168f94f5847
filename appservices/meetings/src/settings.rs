//! What the organisation settled about meetings.

use calendar::{Conference, ConferenceKind, Zone};
use ruma::OwnedRoomId;

use crate::{act::call_in, hours::Hours, meeting::Meeting};

/// What the binary takes from the configuration.
#[derive(Clone, Debug)]
pub struct Settings {
    /// The zone of people who have none of their own.
    pub zone: Zone,
    /// When people work.
    pub hours: Hours,
    /// The rooms and things that can be booked.
    pub resources: Vec<String>,
    /// Where people talk.
    pub conference: Conferencing,
    /// Whether a meeting that was asked for in a direct chat gets a room of its own, where people talk in the calls of rooms.
    pub own_rooms: bool,
    /// Whether meetings stand in the timelines of their rooms for clients that show calendars (MSC4496).
    pub calendar_events: bool,
    /// Where summaries of minutes are copied to.
    pub knowledge_room: Option<OwnedRoomId>,
    /// Where the calendars of people are reached from outside, without a slash at the end; none where they are not.
    pub public_url: Option<String>,
}

/// Where people talk during a meeting.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Conferencing {
    /// In the room where it was booked, or that is made for it, by its call (MatrixRTC).
    ElementCall,
    /// At a Jitsi server: its address.
    Jitsi(String),
    /// At this address; `{no}` and `{id}` become the meeting's number and id.
    Url(String),
    /// Nobody says.
    None,
}

impl Settings {
    /// The link of a new meeting; none where there is none to give.
    #[must_use]
    pub fn conference(&self, meeting: &Meeting, id: &str, no: &str) -> Option<Conference> {
        let of = |kind, url| Some(Conference { kind, url, room_id: None });
        match &self.conference {
            Conferencing::ElementCall => {
                let talked = meeting.home.room.as_ref().filter(|_| !meeting.home.is_direct);
                talked.map(call_in)
            }
            // The id is a ULID with 80 bits of chance: nobody guesses the address.
            Conferencing::Jitsi(server) => {
                of(ConferenceKind::Jitsi, format!("{}/{id}", server.trim_end_matches('/')))
            }
            Conferencing::Url(url) => of(ConferenceKind::Url, url.replace("{no}", no).replace("{id}", id)),
            Conferencing::None => None,
        }
    }
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            zone: Zone::find(workdays::DEFAULT_ZONE).unwrap_or(Zone::utc()),
            hours: Hours::default(),
            resources: Vec::new(),
            conference: Conferencing::ElementCall,
            own_rooms: true,
            calendar_events: false,
            knowledge_room: None,
            public_url: None,
        }
    }
}
