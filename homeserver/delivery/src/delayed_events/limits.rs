//! Bounds of delayed events, units last.

use std::time::Duration;

/// Finalised events kept for each user; the oldest go first.
pub const FINALISED_PER_USER_MAX: usize = 1_000;
/// How long a finalised event is kept, in ms.
pub const FINALISED_AGE_MS_MAX: u64 = 7 * 24 * 60 * 60 * 1_000;
/// Finalised events forgotten by one batch.
pub const FORGOTTEN_AT_ONCE_MAX: usize = 500;
/// Events of one page of a listing.
pub const PAGE_MAX: usize = 100;
/// Longest content, in bytes; a whole event may not be longer.
pub const CONTENT_BYTES_MAX: usize = 65_536;
/// Longest event type or state key, in bytes.
pub const FIELD_BYTES_MAX: usize = 255;
/// Longest transaction id, in bytes.
pub const TRANSACTION_ID_BYTES_MAX: usize = 255;
/// Longest delay id that is looked up, in bytes.
pub const DELAY_ID_BYTES_MAX: usize = 255;
/// Random characters of a delay id: whoever knows it may use it, so nobody may guess it.
pub const DELAY_ID_CHARACTERS: usize = 32;
/// Rooms into which due events are sent at the same time.
pub const ROOMS_AT_ONCE_MAX: usize = 64;
/// Due events taken from the timers at once.
pub const DUE_AT_ONCE_MAX: usize = 1_024;
/// Longest sleep before the clock is looked at again: the wall clock may have been set.
pub const SLEEP_MAX: Duration = Duration::from_secs(60);
/// Pause before an event is tried again that the server could not send just now, in ms.
pub const RETRY_AFTER_MS: u64 = 1_000;
/// Locks that keep two actions on one delayed event apart.
pub const LOCKS: usize = 64;
