//! Rooms that were entered with a part of their state (MSC3706, MSC3902): memberships are missing until somebody has
//! fetched them.
//!
//! Owns what is known of such rooms while they are partial: the durable row, the copy of it in memory, and waiting for
//! the end. Events are put in and judged by [`crate::append`], which also puts the whole state in when it is there.
//! Never asks another server.

mod known;
pub(crate) mod tables;
#[cfg(test)]
mod tests;
mod waiting;

pub(crate) use known::PartialRooms;
pub use known::{Completion, PartialRoom};
pub use tables::tables;

/// What a server told beside the part of the state with which a room is entered.
#[derive(Clone, Debug)]
pub struct PartialState {
    /// Who told it, and is asked for the rest first.
    pub helper: ruma::OwnedServerName,
    /// Servers that were in the room, as the helper says. They hear of what happens here until it is known which of
    /// them are in the room.
    pub servers: Vec<ruma::OwnedServerName>,
    /// The whole state was told with the join, and a part of it could not be proved then. It is what the room is made whole
    /// of when nobody tells more.
    pub is_all_told: bool,
}
