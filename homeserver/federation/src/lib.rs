//! Talking with other homeservers: who they are, what they send, what they are owed.
//!
//! A peer is known by its server name and trusted with nothing: every request is signed by it, every event
//! is checked anew, every answer has a bound. This crate owns discovery, the keys of other servers, the
//! signed client, the staging of what came in, the queues of what goes out, and the handshakes by which users
//! enter and leave rooms on other servers. Events enter a room by `rooms::append` alone.

mod tables;

pub use tables::tables;
