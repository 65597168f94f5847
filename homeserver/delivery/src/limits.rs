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
/// Rows of the services' queues that go in one batch where too much waits; the rest goes with those that follow. More than come,
/// so that a queue gets shorter.
pub const DROPPED_ROWS_PER_BATCH: usize = 2 * FEED_ROWS_PER_BATCH;
/// Members whose rules are evaluated at once.
pub const FEED_USERS_PER_STEP: usize = 256;
/// How long a courier rests after the store failed.
pub const STORE_RETRY: Duration = Duration::from_secs(1);
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

/// Rows, and so events, of one transaction.
pub const SERVICE_EVENTS_MAX: usize = 100;
/// Typing and presence notices of one transaction.
pub const SERVICE_EPHEMERAL_MAX: usize = 100;
/// Messages to devices, and devices looked at, of one transaction.
pub const SERVICE_TO_DEVICE_MAX: usize = 100;
/// Bytes of events after which a transaction takes no further one.
pub const SERVICE_TRANSACTION_BYTES_MAX: usize = 4 * 1_024 * 1_024;
/// Users whose key counts go with one transaction for the sake of its events.
pub const SERVICE_COUNTED_USERS_MAX: usize = 100;
/// Rooms, users or devices that wait in memory for one service.
pub const SERVICE_WAITING_MAX: usize = 100_000;
/// Devices of one service whose key counts are remembered as told.
pub const SERVICE_COUNTS_REMEMBERED_MAX: usize = 100_000;
/// Devices that commits may name before the feed looks at them.
pub const SERVICE_SIGNALS_MAX: usize = 100_000;
/// Rooms of which memory knows who is interested.
pub const SERVICE_INTERESTS_CACHED_MAX: usize = 100_000;
/// Rooms of a user that are looked at to find who hears of their presence or devices.
pub const SERVICE_PRESENCE_ROOMS_MAX: usize = 1_000;
/// Changes of presence that are passed on at once.
pub const SERVICE_PRESENCE_CHANGES_MAX: usize = 1_000;
/// Typing and presence of so long a time go together.
pub const SERVICE_EPHEMERAL_PAUSE: Duration = Duration::from_millis(100);
/// First pause after a service failed; each further one is twice as long.
pub const SERVICE_BACKOFF_MIN: Duration = Duration::from_secs(1);
/// Longest pause between two tries.
pub const SERVICE_BACKOFF_MAX: Duration = Duration::from_secs(5 * 60);
/// Rooms that a service may list for one network.
pub const NETWORK_ROOMS_MAX: usize = 10_000;
/// Longest name of a network in bytes.
pub const NETWORK_ID_BYTES_MAX: usize = 255;
