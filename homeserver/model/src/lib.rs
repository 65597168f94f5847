//! The words of the house: short ids, positions, events as stored bytes, the room-version table.
