//! Every bound of what comes in, by name.

use std::time::Duration;

/// Events of one transaction.
pub const PDUS_PER_TRANSACTION_MAX: usize = 50;

/// Ephemeral messages of one transaction.
pub const EDUS_PER_TRANSACTION_MAX: usize = 100;

/// Longest id of a transaction, in bytes.
pub const TRANSACTION_ID_BYTES_MAX: usize = 255;

/// How long the answer to a transaction is kept for a repetition, in milliseconds.
pub const TRANSACTION_AGE_MS_MAX: u64 = 24 * 60 * 60 * 1000;

/// Old transactions forgotten with each new one.
pub const TRANSACTIONS_SWEPT_MAX: usize = 4;

/// Events of one server that wait to be worked off; beyond it the server is asked to come back later.
pub const STAGED_PER_ORIGIN_MAX: usize = 5_000;

/// How long such a server is asked to wait, in milliseconds.
pub const BUSY_PAUSE_MS: u64 = 5_000;

/// Rooms whose events are worked off at once.
pub const ROOMS_AT_ONCE_MAX: usize = 16;

/// Events of one room that are read at once to be worked off.
pub const STAGED_PAGE: usize = 32;

/// Rows of the staging table read at once when the server starts.
pub const STAGED_START_PAGE: usize = 5_000;

/// Longest time that one question to another server may take while an event is worked off.
pub const QUESTION_TIME_MAX: Duration = Duration::from_secs(20);

/// Largest answer with the state of a room, in bytes.
pub const STATE_ANSWER_BYTES_MAX: usize = 128 * 1024 * 1024;

/// Questions to other servers that one incoming event may cause.
pub const QUESTIONS_PER_EVENT_MAX: usize = 400;

/// Events that one incoming event may bring in with it.
pub const EVENTS_PER_EVENT_MAX: usize = 60_000;

/// Servers that are asked for the same thing before it counts as not to be had.
pub const SERVERS_ASKED_MAX: usize = 3;

/// Missing events asked for at once.
pub const MISSING_EVENTS_MAX: u32 = 20;

/// Missing events of a state that are asked for one by one; with more the whole state is asked for.
pub const STATE_EVENTS_ONE_BY_ONE_MAX: usize = 40;

/// Events of the past asked for at once.
pub const HISTORY_EVENTS_MAX: u32 = 100;

/// How often a request for a page of history may ask other servers.
pub const HISTORY_ROUNDS_MAX: usize = 3;

/// How long such a request waits for the past; it is answered with what is there.
pub const HISTORY_TIME_MAX: Duration = Duration::from_secs(10);

/// Devices of one user to whom one to-device message may go.
pub const RECIPIENT_DEVICES_MAX: usize = 1_000;

/// How long a typing notice of another server lasts when it does not take it back, in milliseconds.
pub const TYPING_TIME_MS: u64 = 30_000;
