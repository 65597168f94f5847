//! Every bound of the connector, by name. Numbers of the platform's own are said to be so.

use std::time::Duration;

use bridge_api::TokenRules;

/// Longest identifier of the platform that is taken, in bytes.
pub const ID_BYTES_MAX: usize = 256;

/// Longest time that a call with a short answer may take.
pub const CALL_TIME_MAX: Duration = Duration::from_secs(30);

/// Longest time that an upload or the head of a download may take.
pub const TRANSFER_TIME_MAX: Duration = Duration::from_secs(300);

/// Longest answer that is read as JSON, in bytes: a page of fifty messages of 150 KB.
pub const ANSWER_BYTES_MAX: usize = 16 * 1024 * 1024;

/// How the tenant token is kept: with less than half an hour left the platform gives a new one, and two hours is its longest.
pub const TOKENS: TokenRules = TokenRules {
    renewed_below: Duration::from_secs(30 * 60),
    life_unknown: Duration::from_secs(60),
    life_max: Duration::from_secs(7200),
    pause: Duration::from_secs(2),
};

/// Gap between two messages into one chat. The platform takes five a second of all bots together.
pub const CHAT_GAP: Duration = Duration::from_millis(250);

/// Gap between two calls of the app, 40 a second. The platform takes 50.
pub const APP_GAP: Duration = Duration::from_millis(25);

/// Calls of the app that may come at once before [`APP_GAP`] holds.
pub const APP_BURST: u32 = 8;

/// Gap between two calls of the app over a minute, 900 of them. The platform takes 1,000.
pub const APP_MINUTE_GAP: Duration = Duration::from_micros(66_667);

/// Calls of the app that may come at once before [`APP_MINUTE_GAP`] holds.
pub const APP_MINUTE_BURST: u32 = 90;

/// Longest time that a call waits for its turn; beyond it the caller is told when to come again.
pub const TURN_TIME_MAX: Duration = Duration::from_secs(20);

/// Chats, people and scarce calls whose last turn is remembered.
pub const PACED_LANES_MAX: usize = 4096;

/// How long to stay away from one chat after the platform said that it gets too many messages.
pub const CHAT_LIMITED_PAUSE: Duration = Duration::from_millis(750);

/// How long to stay away when the platform names no time.
pub const LIMITED_PAUSE: Duration = Duration::from_secs(5);

/// Longest pause that the platform may ask for.
pub const LIMITED_PAUSE_MAX: Duration = Duration::from_secs(600);

/// How long to stay away after a failure inside the platform or on the way there.
pub const FAILED_PAUSE: Duration = Duration::from_secs(5);

/// Pages read of one list before it is taken for endless.
pub const PAGES_MAX: usize = 200;

/// Longest frame of the long connection, in bytes.
pub const FRAME_BYTES_MAX: usize = 4 * 1024 * 1024;

/// Headers of one frame.
pub const FRAME_HEADERS_MAX: usize = 64;

/// Fragments of one event.
pub const FRAGMENTS_MAX: usize = 256;

/// Bytes of all fragments that wait for others.
pub const FRAGMENT_BYTES_MAX: usize = 16 * 1024 * 1024;

/// Events of which some fragments wait for others.
pub const FRAGMENTED_EVENTS_MAX: usize = 64;

/// How long a fragment waits for the others. The platform sends the event again.
pub const FRAGMENT_TIME_MAX: Duration = Duration::from_secs(10);

/// Frames that are handed over at once.
pub const FRAMES_AT_ONCE_MAX: usize = 64;

/// Longest time until an event is acknowledged. The platform waits three seconds.
pub const ACKNOWLEDGED_WITHIN: Duration = Duration::from_millis(2400);

/// How long nothing may come after a ping before the connection is taken for dead. Three seconds proved too short.
pub const SILENCE_AFTER_PING_MAX: Duration = Duration::from_secs(20);

/// How long it is at least, for a platform that wants quick pings: a dead connection then shows sooner.
pub const SILENCE_AFTER_PING_MIN: Duration = Duration::from_secs(5);

/// A connection is replaced after this long, because a half-dead one looks like a quiet one.
pub const CONNECTION_AGE_MAX: Duration = Duration::from_secs(4 * 3600);

/// Longest time that closing a connection in good order may take.
pub const CLOSE_TIME_MAX: Duration = Duration::from_secs(2);

/// The first pauses between attempts to connect; then the platform's own interval holds.
pub const RECONNECT_PAUSES: [Duration; 5] = [
    Duration::from_secs(1),
    Duration::from_secs(2),
    Duration::from_secs(5),
    Duration::from_secs(10),
    Duration::from_secs(30),
];

/// Bounds of the pings' and the reconnects' interval that the platform may ask for.
pub const INTERVAL_MIN: Duration = Duration::from_secs(1);
/// See [`INTERVAL_MIN`].
pub const INTERVAL_MAX: Duration = Duration::from_secs(600);

/// A connection that was refused for its configuration is tried again after this long.
pub const MISCONFIGURED_PAUSE: Duration = Duration::from_secs(300);

/// Longest body of a callback over HTTP, in bytes.
pub const CALLBACK_BYTES_MAX: usize = 4 * 1024 * 1024;

/// How far the time of a signed callback may lie from ours. Events come again up to 7.1 hours later.
pub const SIGNATURE_AGE_MAX: Duration = Duration::from_secs(8 * 3600);

/// Longest text message that is sent, in bytes of its JSON; the platform takes 150 KB.
pub const TEXT_BYTES_MAX: usize = 135_000;

/// Longest rich message or card that is sent, in bytes of its JSON; the platform takes 30 KB.
pub const POST_BYTES_MAX: usize = 27_000;

/// Largest picture, a bound of the platform's.
pub const IMAGE_BYTES_MAX: u64 = 10 * 1024 * 1024;

/// Longest side of a picture in pixels, a bound of the platform's; of GIF it takes less, and larger ones go as documents.
pub const IMAGE_SIDE_MAX: u32 = 12_000;

/// Largest file to send, a bound of the platform's.
pub const FILE_BYTES_MAX: u64 = 30 * 1024 * 1024;

/// Files that are held in memory at once on their way to the platform.
pub const UPLOADS_AT_ONCE_MAX: usize = 2;

/// Largest file to fetch, a bound of the platform's.
pub const DOWNLOAD_BYTES_MAX: u64 = 100 * 1024 * 1024;

/// Edits that one message takes, a bound of the platform's.
pub const EDITS_MAX: u32 = 20;

/// Longest key under which a message is sent once, in characters, a bound of the platform's.
pub const SEND_KEY_CHARACTERS_MAX: usize = 50;

/// Messages on one page of history, a bound of the platform's.
pub const HISTORY_PAGE_MAX: usize = 50;

/// Topics that one reading of history goes through; their names have to fit into a cursor.
pub const HISTORY_TOPICS_MAX: usize = 50;

/// How often what was said in the last day is read again, because no event tells that it was changed.
pub const READ_AGAIN_EVERY: Duration = Duration::from_secs(10 * 60);

/// Topics of a chat that are read again with it, one call each, those in which something was said last. Of the chat and of each of
/// them [`HISTORY_PAGE_MAX`] messages are read again, the newest.
pub const TOPICS_READ_AGAIN_MAX: usize = 5;

/// People of whom it is told that they read our newest message in a group, a bound of the platform's for one page.
pub const READERS_MAX: usize = 100;

/// Topics of one chat that are known as active.
pub const ACTIVE_TOPICS_MAX: usize = 20;

/// Topics of which it is known in memory when they were noted.
pub const NOTED_TOPICS_MAX: usize = 4096;

/// A topic in which something was said within this time before a gap is looked at for the gap, in milliseconds.
pub const TOPIC_ACTIVE_MS: u64 = 7 * 24 * 3600 * 1000;

/// How long a note of a topic is good before it is written again, in milliseconds.
pub const TOPIC_NOTED_AGAIN_MS: u64 = 3600 * 1000;

/// Largest JSON in the place of a file that is looked at for a failure, in bytes.
pub const FAILURE_BYTES_MAX: u64 = 16 * 1024;

/// Members or conversations on one page, a bound of the platform's.
pub const LIST_PAGE_MAX: usize = 100;

/// People or departments on one page, a bound of the platform's.
pub const CONTACTS_PAGE_MAX: usize = 50;

/// Gap between two calls about tasks of one name, eight a second. The platform takes ten.
pub const TASKS_GAP: Duration = Duration::from_millis(125);

/// Gap between two calls that the platform takes a hundred times a minute.
pub const SCARCE_GAP: Duration = Duration::from_millis(667);

/// How often the answers to invitations are read: no event tells an app of them.
pub const MEETINGS_READ_EVERY: Duration = Duration::from_secs(60);

/// How often tasks that are open are read, beside the events that tell of them.
pub const TODOS_READ_EVERY: Duration = Duration::from_secs(900);

/// How often the subscriptions to native approvals are made sure of when one failed.
pub const SUBSCRIBED_AGAIN_AFTER: Duration = Duration::from_secs(300);

/// Meetings whose answers are read in one round, and tasks; the next round goes on behind them.
pub const READ_AT_ONCE_MAX: usize = 100;

/// Things that wait to be read again because an event told of them.
pub const LOOKS_MAX: usize = 400;

/// How long after an event it is asked whether somebody left the company before the event alone is believed, in milliseconds.
pub const LEAVING_ASKED_FOR_MS: u64 = 24 * 3600 * 1000;

/// People and departments of one event that are read because the app may see them from now on.
pub const SCOPE_LOOKS_MAX: usize = 50;

/// Departments that are gone through below one that the app may see from now on, itself among them.
pub const SCOPE_DEPARTMENTS_MAX: usize = 200;

/// People of such a department and of those below it after whom no more are read.
pub const SCOPE_PEOPLE_MAX: usize = 2_000;

/// How long a thing waits that could not be read.
pub const LOOK_AGAIN_AFTER: Duration = Duration::from_secs(5);

/// Rows that the open tasks, and the open meetings, are spread over.
pub const OPEN_ROWS: u64 = 16;

/// Open tasks or meetings in one row. What is more is not read by itself.
pub const OPEN_IN_ROW_MAX: usize = 500;

/// Locks under which tasks, meetings and approvals change: two that share one wait for each other.
pub const ENTRY_LOCKS: usize = 32;

/// How long it is remembered what was put where, in milliseconds after the last change.
pub const ENTRY_KEPT_MS: u64 = 400 * 24 * 3600 * 1000;

/// How long answers to a series are read after its first meeting ended, in milliseconds.
pub const SERIES_READ_MS: u64 = 366 * 24 * 3600 * 1000;

/// Events that are made for one meeting in one go: the one there is, and another one in its place.
pub const EVENTS_AT_ONCE_MAX: usize = 2;

/// Instances of a series on one page, a bound of the platform's.
pub const INSTANCES_PAGE: usize = 500;

/// Pages of instances that are looked through for one day.
pub const INSTANCES_PAGES_MAX: usize = 3;

/// Single instances of a series whose answers are read in one round, the earliest that are to come.
pub const INSTANCES_READ_MAX: usize = 10;

/// Assignees, and followers, of a task; a bound of the platform's.
pub const TASK_PEOPLE_MAX: usize = 50;

/// Longest summary and description of a task in characters, a bound of the platform's.
pub const TASK_WORDS_MAX: usize = 3_000;

/// Longest title of a meeting or an approval in characters.
pub const TITLE_CHARACTERS_MAX: usize = 200;

/// Longest description of a meeting in characters.
pub const DESCRIPTION_CHARACTERS_MAX: usize = 8_000;

/// Longest value of a form in characters, a bound of the platform's.
pub const FORM_VALUE_CHARACTERS_MAX: usize = 2_048;

/// Attendees on one page, a bound of the platform's.
pub const ATTENDEES_PAGE_MAX: usize = 100;

/// Earliest and latest minutes of a reminder, a bound of the platform's.
pub const REMINDER_MINUTES_MAX: u32 = 20_160;

/// Longest time for which it is tried what the app hears, before it connects.
pub const HEARING_TRIED_WITHIN: Duration = Duration::from_secs(5);

/// Messages that are brought of those that somebody passed on together.
pub const MERGED_MAX: usize = 100;

/// Longest line that such a message becomes, in characters.
pub const MERGED_LINE_CHARACTERS_MAX: usize = 1_000;

/// People among them whose names are looked up.
pub const MERGED_NAMES_MAX: usize = 5;

/// Longest time that reading all of them that come at once may take, with the names; the platform waits three seconds for the whole.
pub const MERGED_READ_WITHIN: Duration = Duration::from_millis(1_200);

/// The same for those on one page of history, for which nobody waits.
pub const MERGED_HISTORY_WITHIN: Duration = Duration::from_secs(20);

/// Codes of native approvals that an operator may name.
pub const NATIVE_CODES_MAX: usize = 100;

/// Codes of native approvals that a check of the settings reads.
pub const NATIVE_CODES_CHECKED_MAX: usize = 10;

/// The time for which a check of the settings asks when somebody is busy, in milliseconds.
pub const CHECKED_TIME_MS: u64 = 3_600_000;
