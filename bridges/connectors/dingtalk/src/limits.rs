//! Every bound of the connector, by name. Numbers of the platform's own are said to be so.

use std::time::Duration;

use bridge_api::TokenRules;

/// Longest time that a call with a short answer may take. The platform's own gateway gives up after about three seconds.
pub const CALL_TIME_MAX: Duration = Duration::from_secs(15);

/// Longest time that an upload or the head of a download may take.
pub const TRANSFER_TIME_MAX: Duration = Duration::from_secs(300);

/// Longest answer that is read, in bytes: a page of people.
pub const ANSWER_BYTES_MAX: usize = 4 * 1024 * 1024;

/// How the app's token is kept: two hours is the platform's longest, and five minutes before its end another one is asked for.
pub const TOKENS: TokenRules = TokenRules {
    renewed_below: Duration::from_secs(5 * 60),
    life_unknown: Duration::from_secs(60),
    life_max: Duration::from_secs(7200),
    pause: Duration::from_secs(2),
};

/// Gap between two calls of one API, 18 a second. The platform takes 20 of the standard edition.
pub const API_GAP: Duration = Duration::from_micros(55_556);

/// Calls of one API that may come at once before [`API_GAP`] holds.
pub const API_BURST: u32 = 2;

/// Gap between two messages of one custom webhook over a minute. The platform takes 20 a minute and then none for ten.
pub const WEBHOOK_GAP: Duration = Duration::from_millis(3_400);

/// Messages of one custom webhook that may come at once before [`WEBHOOK_GAP`] holds.
pub const WEBHOOK_BURST: u32 = 2;

/// Buckets remembered at once: one for each API, one for each custom webhook.
pub const BUCKETS_MAX: usize = 256;

/// Longest time that a call waits for its turn; beyond it the caller is told when to come again.
pub const TURN_TIME_MAX: Duration = Duration::from_secs(20);

/// How long to stay away from one API after it said that it gets too many calls.
pub const LIMITED_PAUSE: Duration = Duration::from_secs(1);

/// How long to stay away after an API said that the calls of this minute are used up.
pub const MINUTE_PAUSE: Duration = Duration::from_secs(60);

/// How long a custom webhook is blocked after too many messages, by the platform.
pub const WEBHOOK_BLOCKED_PAUSE: Duration = Duration::from_secs(600);

/// How long the platform bans an address that called too often.
pub const BANNED_PAUSE: Duration = Duration::from_secs(300);

/// After the platform said that the calls of the month are used up, it is asked again after this long: a bought pack counts at once.
pub const QUOTA_PAUSE: Duration = Duration::from_secs(1800);

/// Tries of one call that the platform was too busy for.
pub const BUSY_TRIES_MAX: u32 = 3;

/// Pause before a call is tried again that the platform was too busy for; it doubles.
pub const BUSY_PAUSE: Duration = Duration::from_millis(300);

/// API calls that a company of the free edition has in a month, a number of the platform's.
pub const FREE_API_CALLS_MONTH: u64 = 5_000;

/// Pushes (events, robot messages, webhook messages) that a company of the free edition has in a month, a number of the platform's.
pub const FREE_PUSHES_MONTH: u64 = 3_000;

/// Counts are reserved on the shelf in blocks of this size, so that a restart counts too many rather than too few.
pub const QUOTA_BLOCK: u64 = 20;

/// How long the counts of a month are kept.
pub const QUOTA_KEPT_MS: u64 = 40 * 24 * 3_600_000;

/// Longest frame of the stream, in bytes.
pub const FRAME_BYTES_MAX: usize = 4 * 1024 * 1024;

/// Connections of the stream that are kept. The platform keeps nothing for an app that has none.
pub const CONNECTIONS: usize = 2;

/// How long what came over one connection waits for what happened before it and may come over another.
pub const ORDER_WAIT: Duration = Duration::from_millis(300);

/// Frames of one connection that are not yet durable. Beyond it nothing more is read of the connection.
pub const FRAMES_UNDERWAY_MAX: usize = 128;

/// Longest time that handing arrivals over may take; the platform waits three seconds for the acknowledgement.
pub const TAKEN_WITHIN: Duration = Duration::from_millis(2_500);

/// After this long without a frame the connection is asked whether it lives.
pub const SILENCE_MAX: Duration = Duration::from_secs(60);

/// How long a connection that was asked may take to answer.
pub const PONG_TIME_MAX: Duration = Duration::from_secs(5);

/// A connection is replaced after this long, because a half-dead one looks like a quiet one.
pub const CONNECTION_AGE_MAX: Duration = Duration::from_secs(6 * 3600);

/// How long a connection that the platform is about to close is still read beside the new one.
pub const LEAVING_TIME_MAX: Duration = Duration::from_secs(12);

/// How often the wall clock is looked at, to notice that the machine slept.
pub const CLOCK_LOOK: Duration = Duration::from_secs(10);

/// A wall clock that went on by this much more than it should have means that the machine slept.
pub const CLOCK_JUMP_MS: u64 = 30_000;

/// Longest time that closing a connection in good order may take.
pub const CLOSE_TIME_MAX: Duration = Duration::from_secs(2);

/// Longest time that writing one frame may take.
pub const WRITE_TIME_MAX: Duration = Duration::from_secs(5);

/// Pause before the first attempt after a connection was lost: the platform keeps nothing of what is said meanwhile.
pub const RECONNECT_PAUSE_FIRST: Duration = Duration::from_millis(100);

/// A connection that lived this long counts as a good one.
pub const CONNECTION_STEADY_AFTER: Duration = Duration::from_secs(10);

/// Second pause between attempts to connect; it doubles.
pub const RECONNECT_PAUSE_MIN: Duration = Duration::from_secs(1);

/// Longest pause between attempts to connect.
pub const RECONNECT_PAUSE_MAX: Duration = Duration::from_secs(60);

/// A connection that was refused for its configuration is tried again after this long.
pub const MISCONFIGURED_PAUSE: Duration = Duration::from_secs(300);

/// How far the time of a signed callback may lie from ours, by the platform.
pub const SIGNATURE_AGE_MAX_MS: u64 = 3_600_000;

/// Callbacks that are remembered so that no one is taken twice.
pub const SEEN_CALLBACKS_MAX: usize = 8_192;

/// Longest `msgParam` in bytes, a bound of the platform's.
pub const MESSAGE_PARAMETER_BYTES_MAX: usize = 15_000;

/// Longest piece of a text that is sent as one message, in bytes, so that [`MESSAGE_PARAMETER_BYTES_MAX`] holds with JSON's escapes.
pub const PIECE_BYTES_MAX: usize = 6_000;

/// Pieces that one text is sent in.
pub const PIECES_MAX: usize = 12;

/// Longest words of the platform in a log line or a refusal, in characters.
pub const WORDS_CHARACTERS_MAX: usize = 200;

/// Longest title of a message in the list of notices, in characters.
pub const TITLE_CHARACTERS_MAX: usize = 40;

/// A session webhook is not used any more this long before its end.
pub const SESSION_MARGIN_MS: u64 = 60_000;

/// Session webhooks remembered at once.
pub const SESSIONS_MAX: usize = 4_096;

/// Beginnings of messages remembered so that answers can quote them.
pub const EXCERPTS_MAX: usize = 4_096;

/// Longest quoted beginning, in characters.
pub const EXCERPT_CHARACTERS_MAX: usize = 80;

/// Longest words of another message above those that answer it, in characters.
pub const QUOTE_CHARACTERS_MAX: usize = 400;

/// Messages of a chat that somebody passed on.
pub const RECORDS_MAX: usize = 100;

/// People of one event whose names are looked up before it is handed over; the platform waits three seconds.
pub const LOOKED_UP_MAX: usize = 5;

/// Longest time that these names may take together.
pub const LOOKED_UP_WITHIN: Duration = Duration::from_millis(800);

/// Names of people remembered at once.
pub const NAMES_MAX: usize = 8_192;

/// People that one message of a webhook may address, a bound of the platform's.
pub const ADDRESSED_MAX: usize = 50;

/// How long it is remembered where a card was delivered.
pub const CARD_KEPT_MS: u64 = 90 * 24 * 3_600_000;

/// How long the id of the uploaded cover of films is remembered.
pub const COVER_KEPT_MS: u64 = 30 * 24 * 3_600_000;

/// Largest picture, a bound of the platform's.
pub const IMAGE_BYTES_MAX: u64 = 20 * 1024 * 1024;

/// Largest spoken message, a bound of the platform's.
pub const VOICE_BYTES_MAX: u64 = 2 * 1024 * 1024;

/// Largest film, a bound of the platform's.
pub const VIDEO_BYTES_MAX: u64 = 20 * 1024 * 1024;

/// Largest document, a bound of the platform's.
pub const FILE_BYTES_MAX: u64 = 20 * 1024 * 1024;

/// Largest file to fetch.
pub const DOWNLOAD_BYTES_MAX: u64 = 100 * 1024 * 1024;

/// Nodes read of one formatted message.
pub const NODES_MAX: usize = 500;

/// Longest value of a card's variable, in bytes.
pub const CARD_VALUE_BYTES_MAX: usize = 8 * 1024;

/// Longest name of a group made from a template, in characters, a bound of the platform's.
pub const GROUP_NAME_CHARACTERS_MAX: usize = 30;

/// Members on one page.
pub const MEMBERS_PAGE_MAX: u32 = 100;

/// People on one page, a bound of the platform's.
pub const PEOPLE_PAGE_MAX: u32 = 100;

/// How long it is remembered what was put into the platform's own apps.
pub const ENTRY_KEPT_MS: u64 = 400 * 24 * 3_600_000;

/// Entries that may change at once; more of them share a turn.
pub const ENTRY_TURNS: usize = 64;

/// Longest time for which an event about an entry is read before the platform is told to bring it again; it waits three seconds,
/// by HTTP two and a half.
pub const ENTRY_READ_WITHIN: Duration = Duration::from_millis(2_000);

/// unionIds of people remembered at once.
pub const UNIONS_MAX: usize = 8_192;

/// Longest title of a to-do in characters, a bound of the platform's.
pub const TODO_TITLE_CHARACTERS_MAX: usize = 1_024;

/// Longest description of a to-do in characters, a bound of the platform's.
pub const TODO_WORDS_CHARACTERS_MAX: usize = 4_096;

/// Longest address of a to-do in bytes, a bound of the platform's.
pub const TODO_LINK_BYTES_MAX: usize = 1_024;

/// People who do one to-do, a bound of the platform's.
pub const TODO_PEOPLE_MAX: usize = 100;

/// Pages of somebody's to-dos in which one is looked for whose making was not answered.
pub const TODO_PAGES_MAX: usize = 20;

/// Longest title of an event in characters, a bound of the platform's.
pub const MEETING_TITLE_CHARACTERS_MAX: usize = 2_048;

/// Longest description of an event in characters, a bound of the platform's.
pub const MEETING_WORDS_CHARACTERS_MAX: usize = 5_000;

/// People who are read of one event, the platform's bound.
pub const GUESTS_MAX: usize = 500;

/// Events that are made for one meeting in one go: the one there is, and another one in its place.
pub const EVENTS_AT_ONCE_MAX: usize = 2;

/// Events on one page of a calendar's view, a bound of the platform's.
pub const VIEW_PAGE: usize = 100;

/// Pages of a calendar's view on which one instance of a series is looked for.
pub const VIEW_PAGES_MAX: usize = 5;

/// Our own latest changes of an event that are remembered, so that their echoes are known without being read.
pub const OWN_CHANGES_MAX: usize = 8;

/// Times that a repeated event may take place when it is counted, a bound of the platform's.
pub const REPEATS_MAX: u32 = 99;

/// Largest interval of a repeated event, a bound of the platform's.
pub const INTERVAL_MAX: u32 = 365;

/// People whose times are asked for at once, a bound of the platform's.
pub const BUSY_PEOPLE_MAX: usize = 20;

/// Times of one person that are read.
pub const BUSY_TIMES_MAX: usize = 1_000;

/// Tasks of an approval that are put at once, a bound of the platform's.
pub const CENTRE_TASKS_MAX: usize = 20;

/// Instances on one page, a bound of the platform's.
pub const CENTRE_PAGE_MAX: usize = 20;

/// Pages of instances among which one is looked for whose making was not answered; each instance costs a call.
pub const CENTRE_PAGES_MAX: usize = 5;

/// How far the time of an instance by the platform's clock may lie from ours.
pub const CENTRE_CLOCKS_APART_MS: u64 = 10 * 60_000;

/// Longest line of a form that is read or put, in characters.
pub const LINE_CHARACTERS_MAX: usize = 1_000;

/// The time for which a check of the settings asks when somebody is busy, in milliseconds.
pub const CHECKED_TIME_MS: u64 = 3_600_000;

/// Longest emoji that is put to a message, in characters; families and flags have several.
pub const EMOJI_CHARACTERS_MAX: usize = 16;
