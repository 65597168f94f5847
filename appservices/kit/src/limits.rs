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
/// Questions of the homeserver that bots answer at once; more are refused.
pub const QUESTIONS_AT_ONCE_MAX: usize = 16;
/// Largest body of such a question, in bytes.
pub const QUESTION_BYTES_MAX: usize = 64 * 1024;
/// Time to read the body of a request to the receiver.
pub const RECEIVER_TIME_MAX: Duration = Duration::from_secs(30);

/// Longest key of a letter or timer in bytes: two identifiers of 255 and a few words.
pub const KEY_BYTES_MAX: usize = 600;
/// Largest content of a letter in bytes; an event has 64 KiB with its envelope.
pub const CONTENT_BYTES_MAX: usize = 60 * 1024;
/// Largest file that a letter carries, in bytes. Two of them go into one batch of the store, with room to spare; the homeserver may
/// take less.
pub const FILE_BYTES_MAX: usize = 10 * 1024 * 1024;
/// Larger files stand beside their letter, in pieces of so many bytes.
pub const FILE_PIECE_BYTES: usize = 1024 * 1024;
/// Letters whose places are kept in memory; further ones are read when these are gone.
pub const OUTBOX_LOADED_MAX: usize = 10_000;
/// Letters that are read at once; each may carry a file.
pub const OUTBOX_PAGE: usize = 50;
/// Lanes that deliver at once.
pub const LANES_AT_ONCE: usize = 8;
/// Those of them in which another server has a say, so that servers which do not answer hold up nobody else.
pub const FAR_LANES_AT_ONCE: usize = 4;
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
/// Mentions of one message that are looked at.
pub const MENTIONS_MAX: usize = 50;
/// Lines of one answer to `!help`.
pub const HELP_LINES_MAX: usize = 10;
/// Rooms that took each other's place and that a letter follows.
pub const UPGRADES_FOLLOWED_MAX: usize = 10;
/// Times a person may refuse a direct chat before the bot stops asking.
pub const DIRECT_REFUSALS_MAX: u32 = 2;

/// Time for one request to the homeserver.
pub const REQUEST_TIME_MAX: Duration = Duration::from_secs(60);
/// Largest answer of the homeserver in bytes. A list of all rooms of a bot is the longest.
pub const ANSWER_BYTES_MAX: usize = 8 * 1024 * 1024;
/// Largest file that is downloaded, in bytes.
pub const DOWNLOAD_BYTES_MAX: usize = 50 * 1024 * 1024;
/// Largest file that is read piece by piece, in bytes.
pub const STREAM_BYTES_MAX: usize = 1024 * 1024 * 1024;
/// Time for reading one to its end: whoever reads it may be slow.
pub const STREAM_TIME_MAX: Duration = Duration::from_secs(30 * 60);

/// To-device messages of one transaction; the server sends fewer.
pub const TRANSACTION_TO_DEVICE_MAX: usize = 1_000;
/// Users whose devices changed in one transaction that are looked at; of more than these, everybody's are asked for anew.
pub const CHANGED_USERS_MAX: usize = 10_000;
/// Rooms whose members and devices are kept in memory; further ones push all of them out.
pub const AUDIENCES_CACHED_MAX: usize = 1_000;
/// Rounds of requests in one exchange of keys. An answer may lead to further questions.
pub const EXCHANGE_ROUNDS_MAX: usize = 8;
/// Olm messages of each bot that are remembered against repeats.
pub const OLM_REMEMBERED_MAX: usize = 5_000;
/// How long a message that cannot be read waits for its key before its sender is told, in milliseconds.
pub const UNREAD_WAIT_MS: u64 = 60_000;
/// Messages of each bot that wait for keys; the senders of further ones are told at once.
pub const UNREAD_ROWS_MAX: usize = 1_000;
/// Rows that are deleted in one batch when a device is given up or a room is left.
pub const CRYPTO_DELETES_PER_BATCH: usize = 1_000;
/// Messages of one session that are read; clients begin another one after a hundred. Each takes a bit.
pub const SESSION_MESSAGES_MAX: u32 = 100_000;
/// Length of the id of a device.
pub const DEVICE_ID_CHARACTERS: usize = 12;

/// Days for which the kit knows which event a letter became, and which letter a reaction was to, counted from the day on
/// which either was last needed: an edit, an answer, a reaction keeps them for as long again.
pub const LETTER_KEPT_DAYS: u64 = 400;
/// What is forgotten in one batch.
pub const FORGOTTEN_PER_BATCH: usize = 500;
/// How often the kit looks for what it may forget.
pub const FORGET_INTERVAL: Duration = Duration::from_secs(60 * 60);

/// Rooms that are looked at together when the commands of a bot changed.
pub const DESCRIBED_PER_PAGE: usize = 200;
/// Commands of one bot, those of earlier versions too, that are looked after in its rooms.
pub const DESCRIBED_COMMANDS_MAX: usize = 500;
/// Commands that are described in a room beside those that stand there already, at once: state stands among what people said, and
/// the timeline of a first sync has 20 events.
pub const DESCRIBED_AT_ONCE_MAX: usize = 8;
/// Pause between two rooms in which commands are described: nobody waits for it.
pub const DESCRIBING_PAUSE: Duration = Duration::from_millis(20);
/// Choices of one vote that are read.
pub const POLL_ANSWERS_MAX: usize = 20;
/// Letters behind a card among which its reactions are looked for.
pub const PROMPTS_LOOKED_AT_MAX: usize = 12;
/// Longest id of a choice, in bytes.
pub const POLL_ANSWER_BYTES_MAX: usize = 255;
/// Events of one page of what relates to another, as the homeserver gives them; a transaction has room for them.
pub const RELATIONS_PER_PAGE: usize = 100;
/// Pages of what was tapped on one card that are read after a restore; what is older than these stays unheard.
pub const LOOKED_BACK_PAGES_MAX: usize = 20;
/// Letters that are looked at at once for cards on which people may have tapped before a backup was restored.
pub const LOOKED_BACK_PER_PAGE: usize = 500;
