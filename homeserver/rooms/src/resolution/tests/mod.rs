//! Snapshots, chains and forks over a memory store, with real signed events of every room version.

mod chains;
mod forks;
mod room;
mod snapshots;
