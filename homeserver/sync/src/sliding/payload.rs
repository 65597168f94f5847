//! What one room's part of an answer says, before it is written in either dialect.

use std::{collections::HashMap, sync::Arc};

use bytes::Bytes;
use model::{RoomNum, TimelinePos};
use rooms::{MemberCounts, Membership, unread::Counts};
use ruma::{OwnedEventId, OwnedRoomId, OwnedUserId};

/// A member by whom a nameless room is called.
#[derive(Debug)]
pub(crate) struct Hero {
    /// Who.
    pub user: OwnedUserId,
    /// What they are called in the room.
    pub displayname: Option<String>,
    /// Their picture in the room.
    pub avatar_url: Option<String>,
}

/// Something that may have changed: the new value, which may be none.
pub(crate) type Change<T> = Option<Option<T>>;

/// The part of one room. What is none is not written.
#[derive(Debug)]
pub(crate) struct Payload {
    /// The room.
    pub room_id: OwnedRoomId,
    /// The user's membership.
    pub membership: Membership,
    /// The lists in whose windows the room is.
    pub lists: u128,
    /// The client forgets what it knew of the room.
    pub initial: bool,
    /// The timeline reaches back behind what was told before.
    pub expanded: bool,
    /// The room's name.
    pub name: Change<String>,
    /// The room's picture.
    pub avatar: Change<String>,
    /// Who stands for a nameless room.
    pub heroes: Option<Vec<Hero>>,
    /// Whether it is a direct chat.
    pub is_dm: Option<bool>,
    /// What an invited or knocking user may see.
    pub stripped: Option<Vec<Bytes>>,
    /// The newest events.
    pub timeline: Option<Timeline>,
    /// State events.
    pub state: Vec<Bytes>,
    /// State that is there no more, as type and state key.
    pub removed_state: Vec<Arc<(String, String)>>,
    /// How many members there are.
    pub members: Option<MemberCounts>,
    /// What is unread.
    pub unread: Option<Counts>,
    /// Grows with activity.
    pub bump_stamp: Option<u64>,
}

impl Payload {
    /// A part that says nothing.
    pub fn empty(room_id: OwnedRoomId, membership: Membership, lists: u128) -> Self {
        Self {
            room_id,
            membership,
            lists,
            initial: false,
            expanded: false,
            name: None,
            avatar: None,
            heroes: None,
            is_dm: None,
            stripped: None,
            timeline: None,
            state: Vec::new(),
            removed_state: Vec::new(),
            members: None,
            unread: None,
            bump_stamp: None,
        }
    }

    /// Whether the part says anything that the client does not know; what stands beside news is none itself.
    pub fn is_news(&self) -> bool {
        self.initial
            || self.expanded
            || self.name.is_some()
            || self.avatar.is_some()
            || self.heroes.is_some()
            || self.is_dm.is_some()
            || self.stripped.is_some()
            || self.timeline.is_some()
            || !self.state.is_empty()
            || !self.removed_state.is_empty()
            || self.members.is_some()
            || self.unread.is_some()
    }
}

/// Timeline events and what surrounds them.
#[derive(Debug)]
pub(crate) struct Timeline {
    /// The events, the oldest first.
    pub events: Vec<Bytes>,
    /// There are more since the last answer, or at all in a room that is new to the client.
    pub limited: bool,
    /// How many of them happened since the last request.
    pub live: u64,
    /// Where older ones are found.
    pub prev_batch: TimelinePos,
}

/// A room that was new to the client, for the extensions.
#[derive(Debug, Default)]
pub(crate) struct Fresh {
    /// The events of its timeline.
    pub events: Vec<OwnedEventId>,
    /// The place of the oldest of them.
    pub oldest: Option<TimelinePos>,
}

/// The rooms that were new to the client.
pub(crate) type FreshRooms = HashMap<RoomNum, Fresh>;
