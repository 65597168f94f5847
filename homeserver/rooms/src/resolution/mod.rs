//! State snapshots and the resolution of forks.
//!
//! A state is a number. Behind it stand layers: changes on top of a parent, at most [`limits::LAYERS_MAX`] deep,
//! merged by size like a log-structured tree, so that one state change costs a few dozen bytes in a room of
//! any size. The auth graph is covered by chains, so that ancestry is one look-up. Where a room forks, only
//! what is in conflict is loaded and resolved by `rules::resolution`; the cost follows the conflict, not the room.
//!
//! This module never decides whether an event may enter; [`crate::append`] does, with the states from here.

mod ancestors;
mod chains;
mod codec;
mod comparing;
mod difference;
mod fork;
mod layer;
pub mod limits;
mod purge;
mod snapshots;
pub mod tables;

pub use ancestors::ancestors;
pub use chains::ChainBatch;
pub use fork::{Unwritten, resolve_states, state_before};
pub use purge::{delete_place, delete_snapshots};
pub use snapshots::Snapshots;
pub use tables::tables;

#[cfg(test)]
mod tests;
