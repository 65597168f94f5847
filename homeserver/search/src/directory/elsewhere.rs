//! People of other servers in the user directory.
//!
//! They have no profile here, but a name in each room that they share with users of ours. A name of one room is told to
//! those alone who find its owner by that room.

use std::collections::BTreeSet;

use model::{EventNum, RoomNum};
use rooms::Membership;
use ruma::{OwnedMxcUri, UserId};
use serde_json::{Map, Value};

use crate::{
    Search, SearchError,
    feed::known,
    limits::ROOMS_OF_FOREIGN_USER_MAX,
    text::{fold, name_words},
};

/// The name and the picture that somebody has in a room.
#[derive(Default)]
pub(super) struct NameInRoom {
    pub display_name: Option<String>,
    pub avatar_url: Option<OwnedMxcUri>,
}

impl Search {
    /// Rooms in which a user of another server is together with users of ours, with the events that say so; at most
    /// [`ROOMS_OF_FOREIGN_USER_MAX`].
    pub(super) async fn rooms_shared_with(
        &self,
        user: &UserId,
    ) -> Result<Vec<(RoomNum, EventNum)>, SearchError> {
        let rooms = &self.parts.rooms;
        let mut shared = Vec::new();
        for (room, member) in rooms.rooms_of_user(user).await?.iter() {
            if member.membership == Membership::Join && rooms.is_resident(*room).await? {
                shared.push((*room, member.event));
            }
            if shared.len() == ROOMS_OF_FOREIGN_USER_MAX {
                break;
            }
        }
        Ok(shared)
    }

    /// What a member event says of its user's name.
    pub(super) async fn name_in_room(&self, event: EventNum) -> Result<NameInRoom, SearchError> {
        let rooms = &self.parts.rooms;
        let Some(pdu) = known(rooms.pdu(rooms.store(), event).await)? else {
            return Ok(NameInRoom::default());
        };
        let content: Map<String, Value> = pdu.content_as().unwrap_or_default();
        let text = |key: &str| content.get(key).and_then(Value::as_str).map(str::to_owned);
        Ok(NameInRoom {
            display_name: text("displayname"),
            avatar_url: text("avatar_url").map(OwnedMxcUri::from),
        })
    }
}

/// The words by the begins of which somebody with these names is found.
pub(super) fn words_of<'a>(names: impl IntoIterator<Item = &'a str>, user: &'a UserId) -> BTreeSet<String> {
    let mut words = name_words(names.into_iter().chain([user.localpart()]));
    // So that a name made of signs alone does not hide its owner.
    words.insert(fold(user.localpart()));
    words
}
