//! The words of the house: short ids, positions, events as stored bytes, the room-version table.
//!
//! Everything here is a value. The crate never awaits, never reads storage, the clock or chance; it does not
//! judge events either (that is `rules`). Identifiers that people see (`@user:server`, `!room`, `$event`) stay
//! ruma's types; inside the house rooms, events, state keys and states are 8-byte numbers.

mod client_event;
mod ids;
pub mod json;
pub mod limits;
mod pdu;
mod room_version;

pub use client_event::{EventForm, Unsigned, client_event, write_client_event};
pub use ids::{EventNum, RoomNum, StateKeyNum, StateNum, StreamPos, TimelinePos};
pub use pdu::{Pdu, PduError};
pub use room_version::{
    DEFAULT_ROOM_VERSION, OWNED_STATE_ROOM_VERSION, ROOM_VERSIONS, RoomVersion, room_version,
};
