//! Push notifications: who wants them where, and the queues that carry them.

mod tables;

pub use tables::tables;
