//! Every bound of the connector, by name. Numbers of the platform's own are said to be so. Those of meetings, due dates and approvals
//! stand in `office.rs`, those of the bot's connection and of what it is answered by in `line.rs`, those of the archive and of customer
//! service with them.

mod line;
mod office;

use std::time::Duration;

use bridge_api::TokenRules;

pub use self::{line::*, office::*};

/// Longest time that a call with a short answer may take.
pub const CALL_TIME_MAX: Duration = Duration::from_secs(15);

/// Longest time that an upload or the head of a download may take.
pub const TRANSFER_TIME_MAX: Duration = Duration::from_secs(300);

/// Longest answer that is read, in bytes: a department with all its people.
pub const ANSWER_BYTES_MAX: usize = 8 * 1024 * 1024;

/// How the app's token is kept: two hours is the platform's longest, and five minutes before its end another one is asked for.
pub const TOKENS: TokenRules = TokenRules {
    renewed_below: Duration::from_secs(5 * 60),
    life_unknown: Duration::from_secs(60),
    life_max: Duration::from_secs(7_200),
    pause: Duration::from_secs(2),
};

/// A secret is tried so often in a row; then it is left alone, because the platform bans addresses that go on.
pub const SECRET_TRIES_MAX: u32 = 2;

/// How long a wrong secret is left alone.
pub const SECRET_PAUSE: Duration = Duration::from_secs(600);

/// Tries of one call that the platform was too busy for, its own advice.
pub const BUSY_TRIES_MAX: u32 = 3;

/// Pause before a call is tried again that the platform was too busy for; it doubles.
pub const BUSY_PAUSE: Duration = Duration::from_millis(300);

/// How long to stay away from an API after it said that it is called too often; the shortest block of the platform's.
pub const LIMITED_PAUSE: Duration = Duration::from_secs(60);

/// Messages that one person takes of us in a minute, by the app or the bot. The platform drops in silence beyond 30.
pub const MEMBER_MINUTE_MAX: usize = 25;

/// Messages that one person takes of us in an hour. The platform drops in silence beyond 1,000.
pub const MEMBER_HOUR_MAX: usize = 900;

/// Messages of one group of the app in a minute; each member takes 200.
pub const CHAT_MINUTE_MAX: usize = 150;

/// Messages of one group of the app in an hour, so that no member gets more than the platform's 10,000 a day.
pub const CHAT_HOUR_MAX: usize = 400;

/// Messages of one webhook in a minute; the platform takes 20.
pub const WEBHOOK_MINUTE_MAX: usize = 18;

/// Messages of one webhook in an hour, which is no bound of the platform's but what the minutes come to.
pub const WEBHOOK_HOUR_MAX: usize = 18 * 60;

/// Longest pause that a bucket is held to after a restart.
pub const PAUSE_MS_MAX: u64 = 60 * 60_000;

/// Buckets whose counts are held in memory; those of others are read again from where they are written down.
pub const BUCKETS_MAX: usize = 4_096;

/// Longest time that a message waits for its turn; beyond it the core is told when to come again.
pub const TURN_TIME_MAX: Duration = Duration::from_secs(20);

/// Largest XML of a callback, in bytes.
pub const XML_BYTES_MAX: usize = 1024 * 1024;

/// Elements within elements.
pub const XML_DEPTH_MAX: usize = 16;

/// Elements and texts of one callback.
pub const XML_NODES_MAX: u32 = 4_000;

/// How far the time of a signed callback may lie from ours. The platform repeats within seconds; an hour is for wrong clocks.
pub const SIGNATURE_AGE_MAX_SECONDS: u64 = 3_600;

/// Callbacks that are remembered so that none is taken twice.
pub const SEEN_CALLBACKS_MAX: usize = 8_192;

/// Longest word by which the platform tests an address, in bytes.
pub const ECHO_BYTES_MAX: usize = 128;

/// Longest time that handing arrivals over may take.
pub const TAKEN_WITHIN: Duration = Duration::from_millis(2_000);

/// How long it counts for the next try that nobody heard what became of taking something back: that comes within a moment, also
/// after a restart.
pub const TRIED_KEPT_MS: u64 = 60_000;

/// Longest time that looking somebody up may take before an arrival is handed over without it.
pub const LOOKED_UP_WITHIN: Duration = Duration::from_millis(800);

/// Longest text of a message of the app, in bytes, the platform's own; what is longer it cuts off in silence.
pub const APP_TEXT_BYTES_MAX: usize = 2_048;

/// Longest Markdown of a webhook, in bytes, the platform's own.
pub const WEBHOOK_MARKDOWN_BYTES_MAX: usize = 4_096;

/// Longest Markdown of the bot, in bytes, the platform's own.
pub const BOT_MARKDOWN_BYTES_MAX: usize = 20_480;

/// Bytes left free in each piece of a text that takes several, for its number.
pub const PIECE_NUMBER_BYTES: usize = 16;

/// Pieces that one text is sent in: a text of the core's bound in the app's small messages.
pub const PIECES_MAX: usize = 24;

/// People that one message may address.
pub const ADDRESSED_MAX: usize = 50;

/// Buttons of one card, the platform's own.
pub const CARD_BUTTONS_MAX: usize = 6;

/// Characters of a card's text that the platform advises; a longer one is said before the card as well.
pub const CARD_TEXT_CHARACTERS: usize = 112;

/// Characters of a card's title.
pub const CARD_TITLE_CHARACTERS_MAX: usize = 64;

/// Characters of a button, as the platform advises.
pub const CARD_BUTTON_CHARACTERS_MAX: usize = 16;

/// How long a response code is good, by the platform.
pub const CODE_KEPT_MS: u64 = 72 * 3_600_000;

/// How long it is remembered what a card's buttons mean.
pub const CARD_KEPT_MS: u64 = 90 * 24 * 3_600_000;

/// How long the address of a bot's file is kept: a little longer than the platform's five minutes.
pub const FILE_ADDRESS_KEPT_MS: u64 = 10 * 60_000;

/// Largest picture, the platform's own.
pub const IMAGE_BYTES_MAX: u64 = 10 * 1024 * 1024;

/// Largest picture of a webhook, the platform's own.
pub const WEBHOOK_IMAGE_BYTES_MAX: u64 = 2 * 1024 * 1024;

/// Largest spoken message, the platform's own.
pub const VOICE_BYTES_MAX: u64 = 2 * 1024 * 1024;

/// Longest spoken message in milliseconds, the platform's own.
pub const VOICE_MS_MAX: u64 = 60_000;

/// Largest film, the platform's own.
pub const VIDEO_BYTES_MAX: u64 = 10 * 1024 * 1024;

/// Largest document, the platform's own.
pub const FILE_BYTES_MAX: u64 = 20 * 1024 * 1024;

/// Smallest file, the platform's own.
pub const FILE_BYTES_MIN: u64 = 5;

/// Largest file to fetch.
pub const DOWNLOAD_BYTES_MAX: u64 = 100 * 1024 * 1024;

/// Bytes fetched by one request; objects over 20 MB are given out in ranges alone.
pub const RANGE_BYTES: u64 = 8 * 1024 * 1024;

/// Bytes of one piece of an upload over the bot's connection; the platform takes 512 KiB.
pub const CHUNK_BYTES: usize = 256 * 1024;

/// Longest words of the platform in a log line or a refusal, in characters.
pub const WORDS_CHARACTERS_MAX: usize = 200;

/// Beginnings of messages remembered so that answers can quote them.
pub const EXCERPTS_MAX: usize = 4_096;

/// Longest quoted beginning, in characters.
pub const EXCERPT_CHARACTERS_MAX: usize = 80;

/// Messages of one conversation among which a quoted one is looked for.
pub const QUOTABLE_MAX: usize = 64;

/// Conversations whose messages are remembered for that.
pub const QUOTABLE_CONVERSATIONS_MAX: usize = 1_024;

/// Names of people, and ids of people in their other form, remembered at once.
pub const NAMES_MAX: usize = 8_192;

/// Who came into a group with customers this long before the platform told that somebody came is who it was, in seconds.
pub const JOINED_LATELY_SECONDS: u64 = 10;

/// Longest name of a group of the app, in characters, the platform's own.
pub const GROUP_NAME_CHARACTERS_MAX: usize = 50;

/// Groups of the app that a check of the settings reads.
pub const GROUPS_CHECKED_MAX: usize = 3;

/// Members and departments that are looked up for one page.
pub const LOOKED_UP_PAGE: usize = 30;

/// People on one page of a department.
pub const PEOPLE_PAGE: usize = 200;

/// Files that the bot uploads in a minute; the platform takes 30.
pub const UPLOAD_MINUTE_MAX: usize = 25;

/// Files that the bot uploads in an hour; the platform takes 1,000.
pub const UPLOAD_HOUR_MAX: usize = 900;

/// How long it is remembered that the platform said that the app is used too little: it says so again, or closes it.
pub const USAGE_KEPT_MS: u64 = 90 * 24 * 3_600_000;

/// How long it is remembered whom the bot heard.
pub const HEARD_KEPT_MS: u64 = 400 * 24 * 3_600_000;

/// How long a part fails before whoever asks is told.
pub const AMISS_AFTER: Duration = Duration::from_secs(60);
