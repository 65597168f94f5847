//! The user directory and the room directory: who and what is found by the words of its names.
//!
//! Their rows lie in the store and are written by one reader of the stream, each batch with its
//! cursor, so they are never ahead of it and a crash leaves nothing half done. Of our own users only profiles are
//! read here, never the names that they have in single rooms; users of other servers have no others.

mod elsewhere;
mod fill;
mod mutual;
mod rooms;
mod rows;
mod users;
pub(crate) mod worker;

pub use self::{
    mutual::MutualRooms,
    rooms::{DirectoryPage, DirectoryQuery},
    users::{FoundUser, FoundUsers, UserQuery},
};
