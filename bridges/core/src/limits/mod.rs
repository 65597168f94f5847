//! Every bound of the bridges, by name. Those of the queues, of what is kept and of what is said stand here.

mod beside;
mod conversion;
mod looking;
mod people;

use std::time::Duration;

pub use self::{beside::*, conversion::*, looking::*, people::*};

/// Conversations that are known, bound or not; further ones are not listed.
pub const PORTALS_MAX: usize = 10_000;
/// Conversations that may be bound to one room.
pub const PORTALS_PER_ROOM_MAX: usize = 16;
/// How often a batch is built because what it rests on has changed in between.
pub const CONFLICTS_MAX: usize = 8;
/// Arrivals that wait; platforms are told to keep the rest.
pub const INBOX_ROWS_MAX: usize = 50_000;
/// What waits to go to one platform; what rooms say beyond it is read in them when there is room again.
pub const OUTBOX_ROWS_MAX: usize = 50_000;
/// What waits to go to all platforms; beyond it the homeserver keeps what it tells us. What rooms say on three platforms alone does
/// not reach it, so only cards, entries and decisions do, which are in no room to be read again. An entry comes whole with each
/// revision, so a platform that is away for long has many of them.
pub const OUTBOX_ALL_ROWS_MAX: usize = 4 * OUTBOX_ROWS_MAX;
/// Rows of one conversation that wait, each way. A platform is told to keep the rest; what a room says beyond them is read
/// there when they are worked off.
pub const LANE_ROWS_MAX: usize = 5_000;
/// Events of a room that are read at once, when more was said than waits.
pub const MORE_EVENTS: usize = 100;
/// Conversations that are worked on at once, each way.
pub const LANES_AT_ONCE: usize = 16;
/// How long an arrival is remembered against repeats, in milliseconds. Platforms repeat for some seven hours.
pub const REMEMBERED_MS: u64 = 48 * 60 * 60 * 1_000;
/// Days for which the bridges know which events a message was: an edit, an answer, a reaction to an older one goes nowhere.
pub const MESSAGES_KEPT_DAYS: u64 = 400;
/// Rows that are forgotten in one batch.
pub const FORGOTTEN_PER_BATCH: usize = 500;
/// Reactions of each way that are forgotten with their message.
pub const FORGOTTEN_PER_MESSAGE: usize = 50;
/// A day in milliseconds.
pub const DAY_MS: u64 = 24 * 60 * 60 * 1_000;
/// How often what is old is forgotten.
pub const FORGET_INTERVAL: Duration = Duration::from_secs(10 * 60);
/// First pause after a failure that may pass.
pub const PAUSE_MIN: Duration = Duration::from_millis(500);
/// Longest pause after a failure that may pass.
pub const PAUSE_MAX: Duration = Duration::from_secs(60);
/// Longest pause of a lane that fails alone: so soon is it seen that the other side is back.
pub const PAUSE_ALONE_MAX: Duration = Duration::from_secs(2);
/// How long a lane waits at most for somebody to speak in its conversation before it is tried again.
pub const SILENCED_PAUSE: Duration = Duration::from_secs(15 * 60);
/// By how much this grows with each lane that fails, so that many lanes ask a side that is down no more often than few.
pub const PAUSE_PER_LANE: Duration = Duration::from_millis(250);
/// Largest file that is carried into a room, in bytes.
pub const FILE_BYTES_MAX: usize = 50 * 1024 * 1024;
/// Files that are in memory at once.
pub const FILES_AT_ONCE: usize = 4;
/// For how long something has waited when rooms are told, in milliseconds: a minute, ten, an hour, a day.
pub const DELAYS_TOLD_MS: [u64; 4] = [60_000, 10 * 60_000, 60 * 60_000, 24 * 60 * 60_000];
/// For how long what a replaced room refuses waits for the room in its place, in milliseconds.
pub const MOVING_MS: u64 = 10 * 60 * 1_000;
/// How long a code for binding a conversation is good, in milliseconds.
pub const CODE_MS: u64 = 15 * 60 * 1_000;
/// Codes that wait to be said.
pub const CODES_MAX: usize = 400;
/// Letters of a code.
pub const CODE_CHARACTERS: usize = 10;
/// Lines of one answer of the bot.
pub const ANSWER_LINES_MAX: usize = 60;
/// How long a press waits for a card that is still being noted, in milliseconds.
pub const PRESS_WAITS_MS: u64 = 60_000;
/// How long one thing is tried again to which a platform answers nonsense, while it answers others with sense.
pub const SENSELESS_MAX: Duration = Duration::from_secs(10 * 60);
/// The same while it answers nothing with sense: then it may be the platform.
pub const SENSELESS_ALONE_MAX: Duration = Duration::from_secs(24 * 60 * 60);
/// Longest id by which the support of a platform finds something again, in bytes.
pub const TRACE_BYTES_MAX: usize = 1_024;
/// Longest key of a bot's card, in bytes.
pub const CARD_KEY_BYTES_MAX: usize = 200;
/// Cards that wait for what becomes of one entry, and go out in its place.
pub const CARDS_INSTEAD_MAX: usize = 1_000;
/// The bot that is told of the platforms' own approvals.
pub const APPROVALS_LOCALPART: &str = "approvals";
/// Questions of bots for free/busy that wait; further ones are not answered.
pub const QUESTIONS_MAX: usize = 64;
/// Questions of bots that are answered at once.
pub const QUESTIONS_AT_ONCE: usize = 4;
/// Longest time a platform has to say when people are busy: somebody waits for slots.
pub const BUSY_TIME_MAX: Duration = Duration::from_secs(4);
/// Busy times of one person in an answer; an event has 64 KiB.
pub const BUSY_TIMES_MAX: usize = 200;
/// A quota of a platform is scarce when no more than this part of it is left, so many to one: administrators are told.
pub const QUOTA_SCARCE_PART: u64 = 10;
/// How often it is looked what does not work of a platform although its line is up.
pub const TROUBLES_LOOK: Duration = Duration::from_secs(60);
/// Credentials of platforms that are tried at once because somebody asked for it in a room.
pub const LOGINS_AT_ONCE: usize = 1;
/// How often the queues are measured.
pub const MEASURE_INTERVAL: Duration = Duration::from_secs(15);
/// Bytes that words and their HTML may take in one event, as JSON; HTML that does not fit is left out. An event has 64 KiB.
pub const WORDS_IN_EVENT_BYTES_MAX: usize = 44 * 1024;
/// How much of an edit is said to clients that know none, in characters.
pub const EDIT_SHOWN_CHARACTERS_MAX: usize = 500;
/// People whom one message addresses.
pub const MENTIONS_MAX: usize = 50;
/// Answers of a poll that are said.
pub const POLL_ANSWERS_MAX: usize = 20;
/// Votes from which the result of a poll is counted; with more it stands in the room alone.
pub const POLL_VOTES_MAX: usize = 99;
/// Longest HTML of a message that is read, in bytes.
pub const HTML_BYTES_MAX: usize = 64 * 1024;
/// Longest time a connector has to stop, and a letter that is under way to arrive.
pub const STOP_TIME_MAX: Duration = Duration::from_secs(5);
/// The power that somebody needs in a room to bind conversations to it, if the room asks for no more to set its state.
pub const BIND_POWER_MIN: i64 = 50;
/// Rooms that are made at once; further ones are ordered later.
pub const MAKING_MAX: usize = 50;
/// Rooms that cannot be finished and wait beside those.
pub const MAKING_HELD_MAX: usize = 500;
/// How long a room waits for what is not ours before people are told, in milliseconds.
pub const MAKING_TOLD_MS: u64 = 10 * 60 * 1_000;
/// How often it is tried again from then on, in milliseconds.
pub const MAKING_AGAIN_MS: u64 = 30 * 60 * 1_000;
/// How long it is until somebody looks whether an ordered room is there. Each pause after it is twice as long, up to
/// [`COLLEAGUES_INTERVAL`]: what the homeserver refuses for good is never there.
pub const MAKING_LOOK: Duration = Duration::from_millis(300);
/// Highest power that a room's bridges ask for.
pub const POWER_MAX: i64 = 100;
/// Characters of what a conversation is for that are shown.
pub const DESCRIPTION_CHARACTERS_MAX: usize = 2_000;
/// Longest text by which a decision of somebody elsewhere is said in a room, in bytes.
pub const DECISION_BYTES_MAX: usize = 4_096;
/// How often a room may refuse such a text before it is given up.
pub const DECISION_TRIES_MAX: u32 = 12;
/// After which time it is tried again, in milliseconds.
pub const DECISION_WAIT_MS: u64 = 5_000;
