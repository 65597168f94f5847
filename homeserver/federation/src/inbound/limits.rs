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

/// Events of all servers together that wait to be worked off.
pub const STAGED_MAX: usize = 100_000;

/// How long such a server is asked to wait, in milliseconds.
pub const BUSY_PAUSE_MS: u64 = 5_000;

/// Rooms whose events are worked off at once.
pub const ROOMS_AT_ONCE_MAX: usize = 16;

/// Events of one room that are read at once to be worked off.
pub const STAGED_PAGE: usize = 32;

/// How often an event is tried once more that cannot be completed because other servers cannot be reached.
pub const TRIES_MAX: u32 = 6;

/// First pause of an event that is to be tried again, and of a room after a failure of ours; it doubles with each try.
pub const REST_TIME_MIN: Duration = Duration::from_secs(2);

/// How long one event may hold up the others of its room; then it goes on beside them.
pub const LINE_TIME_MAX: Duration = Duration::from_secs(3);

/// Events of one server, each of another room, that are worked off beside the lines.
pub const ASIDE_PER_ORIGIN_MAX: usize = 4;

/// Events of one room, each of another server, that are worked off beside its line.
pub const ASIDE_PER_ROOM_MAX: usize = 8;

/// Events of all servers that are worked off beside the lines.
pub const ASIDE_MAX: usize = 64;

/// How long the line of a room does not wait for a server of which an event took that long there.
pub const SLOW_TIME: Duration = Duration::from_secs(10 * 60);

/// Pairs of a room and a server that is slow there which are known at a time.
pub const SLOW_SERVERS_MAX: usize = 10_000;

/// Longest time that one try to work off an event may take.
pub const EVENT_TIME_MAX: Duration = Duration::from_secs(120);

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

/// How often missing events are asked for on behalf of one event.
pub const MISSING_ROUNDS_MAX: usize = 10;

/// How often the past is asked for on behalf of one event that comes late.
pub const GAP_ROUNDS_MAX: usize = 20;

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

/// Receipts of all servers that wait for their events.
pub const RECEIPTS_WAITING_MAX: usize = 5_000;

/// Receipts of one server that wait for their events.
pub const RECEIPTS_WAITING_PER_ORIGIN_MAX: usize = 200;

/// How long a receipt waits for its event.
pub const RECEIPT_WAIT_MAX: Duration = Duration::from_secs(60);

/// How long a typing notice of another server lasts when it does not take it back, in milliseconds.
pub const TYPING_TIME_MS: u64 = 30_000;

/// Rooms whose state is fetched at once.
pub const RESYNCS_AT_ONCE_MAX: usize = 4;

/// Servers asked in one try to complete a room.
pub const RESYNC_SERVERS_MAX: usize = 10;

/// First pause after a try to complete a room that failed; it doubles.
pub const RESYNC_PAUSE_MIN: Duration = Duration::from_secs(5);

/// Longest pause between two tries to complete a room.
pub const RESYNC_PAUSE_MAX: Duration = Duration::from_secs(60 * 60);

/// Pause after a try that ended because keys could not be had: as long as nobody is asked for them again.
pub const RESYNC_KEYS_PAUSE: Duration = Duration::from_millis(crate::limits::KEYS_PAUSE_MS);

/// How long what a partial room lacks is waited for, in milliseconds in which the server runs; then the room is completed
/// without it. Less than clients wait for all members.
pub const RESYNC_WAIT_MS_MAX: u64 = 4 * 60 * 1000;

/// Rooms of which it is read at once, when the server starts, how long they were waited for.
pub const WAITED_PAGE: usize = 500;

/// Longest time that one try to complete a room may ask others. What came until then is kept for the next one.
pub const RESYNC_TRY_TIME_MAX: Duration = Duration::from_secs(10 * 60);

/// Longest time in one try to complete a room that keys are asked for.
pub const RESYNC_KEYS_TIME_MAX: Duration = Duration::from_secs(2 * 60);

/// Longest time that the answer with the state of a room may take.
pub const RESYNC_TIME_MAX: Duration = Duration::from_secs(120);

/// Events of a room's state, and behind it, that are taken in.
pub const RESYNC_EVENTS_MAX: usize = 300_000;

/// Events of a room's state that are checked and kept at once.
pub const RESYNC_CHUNK: usize = 500;

/// How often events of a room's state are tried whose authority came after them.
pub const RESYNC_PASSES_MAX: usize = 3;

/// Users noted for one room whose devices changed while the room was not whole.
pub const DEVICE_CHANGES_PER_ROOM_MAX: usize = 10_000;

/// Such users whose change is announced in one batch.
pub const DEVICE_CHANGES_PAGE: usize = 500;

/// How long one server is waited for that is asked for the event near a time.
pub const JUMP_QUESTION_TIME_MAX: Duration = Duration::from_secs(5);

/// How often a jump to a date may ask for a page of history.
pub const JUMP_ROUNDS_MAX: usize = 10;

/// How long a jump to a date waits for other servers; it is answered from what is here then.
pub const JUMP_TIME_MAX: Duration = Duration::from_secs(20);
