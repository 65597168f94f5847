//! End-to-end encryption across domains: keys belong to `keys`, devices and their names to `accounts`, and who must
//! hear of a change to `rooms`. Every write here is one batch with the conditions of all of them.

mod claim;
mod cross_signing;
mod dehydrated;
mod query;
mod upload;

pub use claim::ClaimAnswer;
pub use dehydrated::NewDehydratedDevice;
pub use query::QueryAnswer;

/// How often a write is tried again after it lost a race.
pub const WRITE_TRIES_MAX: usize = 16;
