//! Every bound of this crate, with its unit in the name.

/// Most people, mailboxes and resources of one meeting.
pub const ATTENDEES_MAX: usize = 500;

/// Most attendees whose names stand on a card; beyond that it counts them, and a file lists them.
pub const NAMES_ON_CARD_MAX: usize = 12;

/// Longest title, in characters.
pub const TITLE_CHARACTERS_MAX: usize = 200;

/// Longest name of somebody whom no staff list knows, in characters.
pub const NAME_CHARACTERS_MAX: usize = 100;

/// Longest meeting, in minutes.
pub const LENGTH_MINUTES_MAX: u32 = 14 * 24 * 60;

/// Length of a meeting that nobody said the length of, in minutes.
pub const LENGTH_MINUTES: u32 = 30;

/// Words of a command that are read.
pub const WORDS_MAX: usize = 600;

/// Days in which slots are looked for at most.
pub const SEARCH_DAYS_MAX: usize = 62;

/// How long before and behind a day people's time is asked for, so that what goes over midnight is shown whole, in milliseconds.
pub const BESIDE_DAY_MS: u64 = 24 * 60 * 60 * 1_000;

/// How long a search waits for what other platforms say of people's time, in milliseconds.
pub const ELSEWHERE_MS: u64 = 6_000;

/// How long a poll of slots is open, in milliseconds.
pub const POLL_MS: u64 = 24 * 60 * 60 * 1_000;

/// When people are reminded, in minutes before the start.
pub const REMINDERS_MINUTES: [u32; 2] = [15, 1];

/// How long after the last line the minutes are summed up, in milliseconds.
pub const MINUTES_WAIT_MS: u64 = 15 * 60 * 1_000;

/// Most lines of minutes of one instance that are kept.
pub const MINUTES_LINES_MAX: usize = 200;

/// Longest line of minutes, in bytes.
pub const MINUTES_LINE_BYTES_MAX: usize = 2_000;

/// Instances of a series whose minutes are kept with it; those of earlier ones stand in their threads.
pub const MINUTES_KEPT_MAX: usize = 4;

/// Counter-proposals of one meeting that wait for its organiser.
pub const COUNTERS_MAX: usize = 20;

/// People who asked to be let in and wait for the organiser.
pub const STRANGERS_MAX: usize = 20;

/// After what time the meetings of an organiser who left are cancelled, where nobody stands above them, in milliseconds.
pub const ORPHAN_NOTICE_MS: u64 = 7 * 24 * 60 * 60 * 1_000;

/// Mailboxes of one meeting that are remembered as asked no more; of more, the latest.
pub const FORMER_MAX: usize = 100;

/// How long a letter of a mailbox about a meeting that the bot answered by itself has no other of its kind answered, in milliseconds.
pub const MAIL_ANSWER_PAUSE_MS: u64 = 10 * 60 * 1_000;

/// How often the bot looks who has left, in milliseconds.
pub const LEAVERS_INTERVAL_MS: u64 = 60 * 1_000;

/// Meetings of leavers that are handed over, and calendars of theirs that are closed, in one go; the rest follows with the next look.
pub const LEAVERS_MEETINGS_MAX: usize = 50;

/// Meetings that a list shows.
pub const LIST_LINES_MAX: usize = 20;

/// Most lines of a card.
pub const CARD_LINES_MAX: usize = 12;

/// How long a question of a dialogue waits for its answer, in milliseconds. After that the draft stays, and `!meet`
/// goes on with it.
pub const DIALOGUE_MS: u64 = 30 * 60 * 1_000;

/// Bookings of one resource that are looked at for the next free time.
pub const BOOKINGS_READ_MAX: usize = 2_000;

/// How far ahead bookings of resources are written, in milliseconds: as far as a series reaches.
pub const AHEAD_MS: u64 = 2 * 366 * 24 * 60 * 60 * 1_000;

/// Most people of a meeting in the state of its room: an event has 64 KiB.
pub const STATE_PEOPLE_MAX: usize = 200;

/// People of a meeting that other platforms are told of.
pub const ENTRY_PEOPLE_MAX: usize = 200;

/// Single instances of a series that other platforms are told of; of more, the latest. The bridges know by the same bound that
/// earlier ones are left out.
pub const ENTRY_EXCEPTIONS_MAX: usize = 60;

/// Characters of a title or a place that only one instance has, as other platforms are told.
pub const ENTRY_EXCEPTION_CHARACTERS_MAX: usize = 60;

/// Characters of a description that other platforms are told.
pub const ENTRY_DESCRIPTION_CHARACTERS_MAX: usize = 4_000;

/// How long guests from outside stay in the room behind the end of a meeting, in milliseconds.
pub const GUESTS_STAY_MS: u64 = 60 * 60 * 1_000;

/// Most meetings ahead of one organiser with which further ones get a room of their own.
pub const ROOMS_OF_PERSON_MAX: usize = 100;

/// When it is looked first whether the room of a meeting is made, in milliseconds; the pause doubles.
pub const ROOM_LOOK_MS: u64 = 1_000;

/// The longest pause between two such looks, in milliseconds.
pub const ROOM_LOOK_MS_MAX: u64 = 60_000;

/// How far ahead instances of a series let guests from outside in, in milliseconds.
pub const GUESTS_AHEAD_MS_MAX: u64 = 366 * 24 * 60 * 60 * 1_000;
