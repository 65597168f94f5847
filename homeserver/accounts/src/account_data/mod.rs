//! Account data: what a user's clients keep on the server, globally and per room.
//!
//! [Client config](https://spec.matrix.org/v1.19/client-server-api/#client-config). Each piece has one
//! row with the position of its last change and one row in the index of changes, so that sync reads
//! only what moved. Deleting (MSC3391) leaves an empty row, because the deletion must reach the
//! other clients; an initial sync does not show it.

mod changes;
mod read;
mod write;

use ruma::{OwnedRoomId, OwnedUserId, RoomId, UserId};
use serde_json::value::RawValue;

use crate::push_rules::PUSH_RULES;

/// User, room (empty for global data), type.
type Key = (OwnedUserId, String, String);

/// One piece of account data.
#[derive(Clone, Debug)]
pub struct AccountDatum {
    /// The room it belongs to; none for global data.
    pub room: Option<OwnedRoomId>,
    /// Its type.
    pub kind: String,
    /// Its content; none when it was deleted, which sync shows once as `{}`.
    pub content: Option<Box<RawValue>>,
}

/// Whether clients may not write this type themselves: they have endpoints of their own.
pub fn is_server_controlled(room: Option<&RoomId>, kind: &str) -> bool {
    match room {
        None => kind == PUSH_RULES || kind == "m.fully_read",
        Some(_) => kind == "m.fully_read",
    }
}

fn key(user: &UserId, room: Option<&RoomId>, kind: &str) -> Key {
    (user.to_owned(), room.map(|room| room.as_str().to_owned()).unwrap_or_default(), kind.to_owned())
}

fn content_of(json: &[u8]) -> Option<Box<RawValue>> {
    if json.is_empty() { None } else { serde_json::from_slice(json).ok() }
}
