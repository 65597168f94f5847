//! Every bound of the kit, by name.

use std::time::Duration;

/// Largest transaction that is taken, in bytes. A hundred events of 64 KiB and their envelope.
pub const TRANSACTION_BYTES_MAX: usize = 8 * 1024 * 1024;
/// Events of one transaction; the server sends a hundred.
pub const TRANSACTION_EVENTS_MAX: usize = 1_000;
/// Longest id of a transaction in bytes.
pub const TRANSACTION_ID_BYTES_MAX: usize = 255;
/// Ids of transactions that are remembered. The server has one under way and sends them in order.
pub const TRANSACTIONS_REMEMBERED_MAX: usize = 200;
/// Events that are remembered, so that one that comes in another transaction is heard once.
pub const EVENTS_REMEMBERED_MAX: usize = 20_000;
/// Events that wait for the bots; the server keeps the rest.
pub const INBOX_ROWS_MAX: usize = 10_000;
/// Events before a bot's coming among which its invitation is looked for.
pub const CATCH_UP_EVENTS_MAX: usize = 50;
/// Requests of the receiver at once.
pub const RECEIVER_REQUESTS_MAX: usize = 4;
/// Time to read the body of a request to the receiver.
pub const RECEIVER_TIME_MAX: Duration = Duration::from_secs(30);

/// Longest key of a letter or timer in bytes: two identifiers of 255 and a few words.
pub const KEY_BYTES_MAX: usize = 600;
/// Largest content of a letter in bytes; an event has 64 KiB with its envelope.
pub const CONTENT_BYTES_MAX: usize = 60 * 1024;
/// Largest file that a letter carries, in bytes.
pub const FILE_BYTES_MAX: usize = 1024 * 1024;
/// Letters whose places are kept in memory; further ones are read when these are gone.
pub const OUTBOX_LOADED_MAX: usize = 10_000;
/// Letters that are read at once; each may carry a file.
pub const OUTBOX_PAGE: usize = 50;
/// Lanes that deliver at once.
pub const LANES_AT_ONCE: usize = 8;
/// First pause after a failure that may pass.
pub const PAUSE_MIN: Duration = Duration::from_secs(1);
/// Longest pause after a failure that may pass.
pub const PAUSE_MAX: Duration = Duration::from_secs(60);
/// Longest pause that a rate limit may ask for.
pub const LIMITED_MAX: Duration = Duration::from_secs(10 * 60);

/// Timers that are read at once.
pub const TIMERS_PER_PAGE: usize = 100;
/// Longest sleep of the clockwork; a system clock that is set forward is noticed by then.
pub const CLOCKWORK_SLEEP_MAX: Duration = Duration::from_secs(60);
/// A timer that fires later than this, in milliseconds, says so.
pub const TIMER_LATE_MS: u64 = 60_000;
/// How often a bot is asked again because a condition of its batch did not hold.
pub const CONFLICTS_MAX: usize = 8;

/// Longest command that is looked at, in bytes.
pub const COMMAND_BYTES_MAX: usize = 16 * 1024;
/// Lines of one answer to `!help`.
pub const HELP_LINES_MAX: usize = 10;
/// Times a person may refuse a direct chat before the bot stops asking.
pub const DIRECT_REFUSALS_MAX: u32 = 2;

/// Time for one request to the homeserver.
pub const REQUEST_TIME_MAX: Duration = Duration::from_secs(60);
/// Largest answer of the homeserver in bytes. A list of all rooms of a bot is the longest.
pub const ANSWER_BYTES_MAX: usize = 8 * 1024 * 1024;
/// Largest file that is downloaded, in bytes.
pub const DOWNLOAD_BYTES_MAX: usize = 50 * 1024 * 1024;
