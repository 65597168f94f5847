//! Every bound of this crate, by name. A hostile client, gateway or mailbox meets one of these.

use std::time::Duration;

/// Most pushers of one user; a further one is refused.
pub const PUSHERS_PER_USER_MAX: usize = 100;
/// Longest `app_id` in characters (specification, "POST /pushers/set").
pub const APP_ID_CHARACTERS_MAX: usize = 64;
/// Longest `pushkey` in bytes (specification, "POST /pushers/set").
pub const PUSHKEY_BYTES_MAX: usize = 512;
/// Longest name or tag of a pusher in bytes.
pub const PUSHER_TEXT_BYTES_MAX: usize = 1_024;
/// Largest `data` of a pusher in bytes of JSON; all of it goes to the gateway each time.
pub const PUSHER_DATA_BYTES_MAX: usize = 16 * 1_024;
/// Users of one pushkey that are looked at when it changes hands.
pub const PUSHKEY_OWNERS_MAX: usize = 1_000;
/// Tries of a conditional write before the caller is told that the row is contended.
pub const WRITE_TRIES_MAX: usize = 16;

/// Notifications that wait for one pusher; a further one pushes out the oldest.
pub const QUEUE_ROWS_PER_PUSHER_MAX: usize = 1_000;
/// A notification that could not be delivered for so long is of no use any more.
pub const QUEUE_AGE_MS_MAX: u64 = 24 * 60 * 60 * 1_000;
/// Rows queued for one event; pushers beyond that many hear of it when their clients sync.
pub const QUEUE_ROWS_PER_EVENT_MAX: usize = 50_000;
/// Rows that the feed writes at once.
pub const FEED_ROWS_PER_BATCH: usize = 20_000;
/// Members whose rules are evaluated at once.
pub const FEED_USERS_PER_STEP: usize = 256;
/// Positions that the feed may be ahead of its durable place when there was nothing to queue.
pub const FEED_LAG_POSITIONS_MAX: u64 = 5_000;
/// How long the feed rests after the store failed.
pub const FEED_RETRY: Duration = Duration::from_secs(1);
/// Rows of a queue, or of a list of pushers, read at once.
pub const PAGE_ROWS: usize = 1_000;

/// Notifications sent to one pusher before another one has its turn.
pub const DELIVERIES_PER_TURN: usize = 8;
/// Time for one exchange with a gateway.
pub const GATEWAY_TIME_MAX: Duration = Duration::from_secs(30);
/// Bytes of a gateway's answer that are read.
pub const GATEWAY_ANSWER_BYTES_MAX: usize = 64 * 1_024;
/// First pause after a gateway failed; each further one is twice as long.
pub const BACKOFF_MIN: Duration = Duration::from_secs(1);
/// Longest pause between two tries.
pub const BACKOFF_MAX: Duration = Duration::from_secs(60 * 60);
/// Longest pause between two letters to one address.
pub const MAIL_PAUSE_MS_MAX: u64 = 24 * 60 * 60 * 1_000;
/// Rooms that one letter tells of.
pub const DIGEST_ROOMS_MAX: usize = 20;
/// Messages of one room that a letter quotes; further ones are counted.
pub const DIGEST_MESSAGES_PER_ROOM_MAX: usize = 5;
/// Characters that a letter quotes of one message.
pub const DIGEST_TEXT_CHARACTERS_MAX: usize = 300;
/// Users whose counts are kept in memory.
pub const BADGES_CACHED_MAX: u64 = 10_000;
