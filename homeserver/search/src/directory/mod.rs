//! The user directory and the room directory: who and what is found by the words of its names.
//!
//! Their rows lie in the store and are written by one reader of the stream, each batch with its
//! cursor, so they are never ahead of it and a crash leaves nothing half done. Only profiles are
//! read here, never the names that people have in single rooms.

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
