//! Every bound of this crate, with its unit in the name.

use std::time::Duration;

/// Most instances of a series of ours.
pub const INSTANCES_MAX: usize = 730;

/// How many years a series of ours may go on without a count.
pub const SERIES_YEARS_MAX: i16 = 2;

/// Instances looked at when a series of somebody else's is expanded: a daily one of fifty years.
pub const FOREIGN_INSTANCES_MAX: usize = 20_000;

/// Instances looked at for one question about somebody's time, over all their series.
pub const QUESTION_INSTANCES_MAX: usize = 200_000;

/// Largest calendar object of ours, in bytes of iCalendar.
pub const OBJECT_BYTES_MAX: usize = 512 * 1024;

/// Largest feed of somebody else's, in bytes of iCalendar.
pub const FEED_BYTES_MAX: usize = 8 * 1024 * 1024;

/// Deepest nesting of components in iCalendar: a calendar, an event, an alarm, and one to spare.
pub const COMPONENT_DEPTH_MAX: usize = 4;

/// Most components in one file.
pub const COMPONENTS_MAX: usize = 20_000;

/// Most lines of one component.
pub const LINES_OF_COMPONENT_MAX: usize = 3_000;

/// Longest unfolded line, in bytes.
pub const LINE_BYTES_MAX: usize = 64 * 1024;

/// Longest uid, in bytes.
pub const UID_BYTES_MAX: usize = 255;

/// Longest title or place, in characters.
pub const TITLE_CHARS_MAX: usize = 500;

/// Longest description, in bytes.
pub const DESCRIPTION_BYTES_MAX: usize = 32 * 1024;

/// Longest link, in bytes.
pub const LINK_BYTES_MAX: usize = 2_048;

/// Most attendees of one event.
pub const ATTENDEES_MAX: usize = 1_000;

/// Most reminders of one event.
pub const REMINDERS_MAX: usize = 10;

/// The first and the last year that an event may be in.
pub const YEARS: std::ops::RangeInclusive<i16> = 1970..=2200;

/// Longest single event, in days.
pub const EVENT_DAYS_MAX: i64 = 366;

/// Most events in one person's calendar.
pub const EVENTS_OF_PERSON_MAX: usize = 20_000;

/// Changes of one person's calendar that are remembered for clients which ask for what is new; behind the oldest they
/// begin anew.
pub const CHANGES_REMEMBERED_MAX: usize = 10_000;

/// Rows read from the store at once.
pub(crate) const PAGE_ROWS_MAX: usize = 1_000;

/// Most passwords for calendar clients of one person.
pub const PASSWORDS_OF_PERSON_MAX: usize = 20;

/// Most calendars elsewhere that one person may name.
pub const SOURCES_OF_PERSON_MAX: usize = 10;

/// Longest name that a person gives to a password, in characters.
pub const NAME_CHARS_MAX: usize = 100;

/// Widest question about somebody's time, in milliseconds: a hundred days.
pub const QUESTION_MS_MAX: u64 = 100 * 24 * 60 * 60 * 1_000;

/// Most people in one question about time.
pub const QUESTION_PEOPLE_MAX: usize = 200;

/// Most busy intervals in one answer about one person.
pub const INTERVALS_MAX: usize = 5_000;

/// How often a feed is asked for anew.
pub const FEED_INTERVAL: Duration = Duration::from_secs(15 * 60);

/// How often it is looked whether a CalDAV server still lets its owner in; when they are busy it is asked when somebody wants to
/// know.
pub const CALDAV_LOOK_INTERVAL: Duration = Duration::from_secs(24 * 60 * 60);

/// How old what a feed said may be and still count as known: four rounds.
pub const FEED_KNOWN_MS_MAX: u64 = 60 * 60 * 1_000;

/// Feeds asked at once.
pub const FEEDS_AT_ONCE_MAX: usize = 8;

/// Time that one calendar elsewhere has for an answer.
pub const SOURCE_TIME_MAX: Duration = Duration::from_millis(1_500);

/// Time that one look at a calendar elsewhere has, with every answer of a CalDAV server.
pub const FEED_TIME_MAX: Duration = Duration::from_secs(30);

/// How long an answer of a CalDAV server about somebody's time is used again, in milliseconds.
pub const ANSWER_KEPT_MS: u64 = 60 * 1_000;

/// Largest request of a CalDAV client, in bytes.
pub const REQUEST_BYTES_MAX: usize = 1024 * 1024;

/// Deepest nesting of XML.
pub const XML_DEPTH_MAX: usize = 16;

/// Most elements and attributes of one XML document.
pub const XML_NODES_MAX: usize = 20_000;

/// Most objects that one `multiget` may name.
pub const MULTIGET_MAX: usize = 1_000;

/// How much of a request that is not answered here is read all the same, in bytes: more than any first question of a program.
pub const UNREAD_BYTES_MAX: usize = 64 * 1024;

/// Requests of calendar clients that are worked on at once.
pub const REQUESTS_MAX: usize = 32;

/// Time that one request of a calendar client has.
pub const REQUEST_TIME_MAX: Duration = Duration::from_secs(30);

/// Wrong passwords for one account within [`FAILURES_WINDOW_MS`] after which it waits.
pub const FAILURES_MAX: u32 = 10;

/// The time over which wrong passwords are counted, in milliseconds.
pub const FAILURES_WINDOW_MS: u64 = 5 * 60 * 1_000;

/// Accounts whose wrong passwords are counted at once; more and all counts begin anew.
pub const FAILURES_ACCOUNTS_MAX: usize = 10_000;

/// Most slots proposed.
pub const SLOTS_MAX: usize = 5;

/// The grid on which slots begin, in milliseconds.
pub const SLOT_GRID_MS: u64 = 15 * 60 * 1_000;

/// Places on the grid that one search looks at: a hundred days.
pub const SLOT_PLACES_MAX: usize = 9_600;

/// How often it is looked which feeds are due.
pub const FEED_LOOK_INTERVAL: Duration = Duration::from_secs(60);

/// How far ahead the busy times of a feed are kept, in milliseconds: four hundred days.
pub const FEED_AHEAD_MS: u64 = 400 * 24 * 60 * 60 * 1_000;

/// How far behind, in milliseconds: two days.
pub const FEED_BEHIND_MS: u64 = 2 * 24 * 60 * 60 * 1_000;

/// Most busy times kept of one calendar elsewhere.
pub const FEED_INTERVALS_MAX: usize = 20_000;

/// Answers of CalDAV servers kept at once; more and all begin anew.
pub const SOURCE_ANSWERS_MAX: usize = 1_000;

/// How often a change is tried again that somebody else's change came before.
pub const CONFLICTS_MAX: usize = 4;

/// Most events told at a private address.
pub const FEED_EVENTS_MAX: usize = 5_000;

/// How far back a private address tells what was, in milliseconds: ninety days.
pub const FEED_PAST_MS: u64 = 90 * 24 * 60 * 60 * 1_000;

/// How often a letter is tried whose server does not answer; a good day with the pauses between.
pub const POST_TRIES_MAX: u32 = 12;

/// The pause after the first try, in milliseconds; it doubles up to [`POST_PAUSE_MS_MAX`].
pub const POST_PAUSE_MS: u64 = 60 * 1_000;

/// The longest pause between two tries, in milliseconds.
pub const POST_PAUSE_MS_MAX: u64 = 6 * 60 * 60 * 1_000;

/// How often it is looked which letters are due.
pub const POST_LOOK_INTERVAL: Duration = Duration::from_secs(30);

/// Largest letter that is read of the mailbox, in bytes; larger ones are passed over.
pub const MAIL_BYTES_MAX: u32 = 2 * 1024 * 1024;

/// Calendars read of one letter.
pub const CALENDARS_OF_MAIL_MAX: usize = 4;

/// Events read of one calendar that came by mail.
pub const ITEMS_OF_CALENDAR_MAX: usize = 50;

/// Letters that are read of a mailbox that is opened for the first time: its newest.
pub const MAILS_AT_FIRST_MAX: usize = 500;

/// Letters whose ids are remembered, so that none counts twice.
pub const MAILS_REMEMBERED_MAX: usize = 10_000;

/// Letters forgotten with each that comes, while there are more than [`MAILS_REMEMBERED_MAX`].
pub const MAILS_FORGOTTEN_AT_ONCE: usize = 4;

/// Time that the IMAP server has for one answer.
pub const MAILBOX_ANSWER_TIME_MAX: Duration = Duration::from_secs(60);

/// How long the IMAP server is listened to before the question is asked anew; servers hang up after half an hour.
pub const MAILBOX_IDLE: Duration = Duration::from_secs(25 * 60);

/// How often a server is asked that does not tell by itself.
pub const MAILBOX_LOOK_INTERVAL: Duration = Duration::from_secs(60);

/// The pause after a first failure; it doubles up to [`MAILBOX_PAUSE_MAX`].
pub const MAILBOX_PAUSE: Duration = Duration::from_secs(2);

/// The longest pause between two connections.
pub const MAILBOX_PAUSE_MAX: Duration = Duration::from_secs(5 * 60);

/// A connection that held so long ends the growth of pauses.
pub const MAILBOX_STEADY: Duration = Duration::from_secs(60);

/// Accounts and servers that one person has granted something to, or nothing.
pub const GRANTS_OF_PERSON_MAX: usize = 200;

/// Time that servers of partners have for all that one question asks them.
pub const PARTNERS_TIME_MAX: Duration = Duration::from_secs(5);

/// Longest text of a moment in a question or an answer of another server, in bytes.
pub const MOMENT_BYTES_MAX: usize = 64;
