//! What a visitor may not do: somebody from outside who is here for some rooms, and nothing else.
//!
//! A visitor talks in these rooms, calls in them, and keeps devices and keys as everybody does. They make no rooms and so no
//! direct chats, ask nobody in, look into no directory, and keep the name that marks them. Into which rooms they may go is
//! looked at where rooms are joined. The list stands here in one place; a test checks that every line of it is an endpoint.
//! What an endpoint of the list does can also be said by a state event, so these kinds are refused too, now and for later.

use http::Method;
use ruma::{RoomId, api::Metadata};

use super::{Caller, suspension::is_one_of};
use crate::{App, MatrixError};

/// Method and path of every act that is refused; `{}` stands for an argument.
pub const FORBIDDEN_TO_VISITORS: [(Method, &str); 28] = [
    (Method::POST, "/_matrix/client/v3/createRoom"),
    (Method::POST, "/_matrix/client/v3/knock/{}"),
    (Method::POST, "/_matrix/client/v3/rooms/{}/invite"),
    (Method::POST, "/_matrix/client/v3/rooms/{}/kick"),
    (Method::POST, "/_matrix/client/v3/rooms/{}/ban"),
    (Method::POST, "/_matrix/client/v3/rooms/{}/unban"),
    (Method::POST, "/_matrix/client/v3/rooms/{}/upgrade"),
    (Method::PUT, "/_matrix/client/v3/profile/{}/{}"),
    (Method::DELETE, "/_matrix/client/v3/profile/{}/{}"),
    (Method::POST, "/_matrix/client/v3/user_directory/search"),
    (Method::GET, "/_matrix/client/v3/publicRooms"),
    (Method::POST, "/_matrix/client/v3/publicRooms"),
    (Method::GET, "/_matrix/client/v1/room_summary/{}"),
    (Method::GET, "/_matrix/client/v1/rooms/{}/hierarchy"),
    (Method::GET, "/_matrix/client/v3/directory/room/{}"),
    (Method::PUT, "/_matrix/client/v3/directory/room/{}"),
    (Method::DELETE, "/_matrix/client/v3/directory/room/{}"),
    (Method::GET, "/_matrix/client/v3/directory/list/room/{}"),
    (Method::PUT, "/_matrix/client/v3/directory/list/room/{}"),
    (Method::GET, "/_matrix/client/v3/thirdparty/location"),
    (Method::GET, "/_matrix/client/v3/thirdparty/location/{}"),
    (Method::GET, "/_matrix/client/v3/thirdparty/protocol/{}"),
    (Method::GET, "/_matrix/client/v3/thirdparty/protocols"),
    (Method::GET, "/_matrix/client/v3/thirdparty/user"),
    (Method::GET, "/_matrix/client/v3/thirdparty/user/{}"),
    (Method::POST, "/_matrix/client/v3/account/3pid"),
    (Method::POST, "/_matrix/client/v3/account/3pid/add"),
    (Method::POST, "/_matrix/client/v3/account/3pid/email/requestToken"),
];

/// Kinds of state that no visitor sets: by these people join, are asked in, are put out, and have a name in one room alone.
const KINDS_FORBIDDEN_TO_VISITORS: [&str; 2] = ["m.room.member", "m.room.third_party_invite"];

/// Refuses a visitor at an endpoint of the list.
pub(super) fn check<R: Metadata>(caller: &Caller) -> Result<(), MatrixError> {
    let is_refused = caller.session.is_visitor && is_one_of::<R>(&FORBIDDEN_TO_VISITORS);
    if is_refused { Err(refused()) } else { Ok(()) }
}

/// Refuses a visitor at a kind of state that does what an endpoint of the list does.
pub fn check_state(caller: &Caller, kind: &str) -> Result<(), MatrixError> {
    let is_refused = caller.session.is_visitor && KINDS_FORBIDDEN_TO_VISITORS.contains(&kind);
    if is_refused { Err(refused()) } else { Ok(()) }
}

/// Refuses a visitor at a room that they were not asked into, or not any more.
pub async fn check_room(app: &App, caller: &Caller, room: &RoomId) -> Result<(), MatrixError> {
    let is_refused =
        caller.session.is_visitor && !app.accounts.rooms_of_visitor(&caller.user).await?.contains(room);
    if is_refused { Err(refused()) } else { Ok(()) }
}

fn refused() -> MatrixError {
    MatrixError::forbidden("You are a visitor here: this is for people of the organisation")
}
