//! The one door for events, and everything that can be asked of a room.
