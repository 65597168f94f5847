//! What leaves the server by its own clock: push notifications, e-mail notifications, delayed events, and what application
//! services are told.
//!
//! Every kind of work is a durable queue: what must be done is a row before anything is done, and the
//! row goes when it is done. So a crash repeats at most what was under way. This crate reads the
//! stream of facts by its own cursor and is never called by those who write them. It owns no truth
//! about rooms or users.

pub mod appservices;
pub mod delayed_events;
pub mod limits;
pub mod push;
mod tables;

pub use tables::tables;
