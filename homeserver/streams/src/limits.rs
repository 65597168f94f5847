//! Bounds of streams and numbers.

use std::time::Duration;

/// Short numbers that one durable reservation takes. A crash loses at most the rest of two blocks, which only leaves a gap.
pub const NUMBERS_BLOCK: u64 = 4096;

/// How often a reservation is tried against other writers before it is reported as a conflict.
pub const RESERVATION_ATTEMPTS_MAX: u32 = 16;

/// Facts read at once.
pub const FACTS_READ_MAX: usize = 1_000;

/// Facts forgotten at once.
pub const FACTS_FORGOTTEN_MAX: usize = 1_000;

/// Parts of the waiter map, so that commits and new waiters seldom meet on a lock.
pub const NOTIFIER_SHARDS: usize = 64;

/// Slots in which waiting readers are counted, four bytes each: with a thousand who wait, one member of sixty-five is looked
/// for in vain.
pub const AWAITED_SLOTS: usize = 65_536;

/// Positions that a reader may be ahead of its durable place while it had nothing to write; a crash makes it read them
/// again.
pub const PLACE_UNSAVED_POSITIONS_MAX: u64 = 5_000;

/// First pause of a reader after a failure; each further one is twice as long.
pub const READER_PAUSE_MIN: Duration = Duration::from_secs(1);

/// Longest pause of a reader between two failures.
pub const READER_PAUSE_MAX: Duration = Duration::from_secs(60);
