//! Bounds of meetings, due dates and approvals.

use std::time::Duration;

/// How often approvals of the platform and answers to our meetings are read again, because the platform may lose what it tells of
/// them; the last fifth of it is chance.
pub const LOOKED_AFTER_EVERY: Duration = Duration::from_secs(300);

/// How long after its start the connector reads them for the first time.
pub const LOOKED_AFTER_FIRST: Duration = Duration::from_secs(10);

/// How long an interface is left alone that was not granted to the app, or whose settings have to be mended.
pub const NOT_GRANTED_PAUSE: Duration = Duration::from_secs(3_600);

/// Longest time for which approvals are listed at once, in seconds, the platform's own.
pub const APPROVALS_WINDOW_SECONDS: u64 = 31 * 24 * 3_600;

/// How far a listing of new approvals reaches back before the end of the last one, in seconds.
pub const APPROVALS_OVERLAP_SECONDS: u64 = 600;

/// Approvals on one page, the platform's own.
pub const APPROVALS_PAGE: usize = 100;

/// Pages of approvals that are read at once.
pub const APPROVALS_PAGES_MAX: usize = 15;

/// Approvals that are known to wait for somebody; of more only what the platform tells is known.
pub const APPROVALS_OPEN_MAX: usize = 1_500;

/// Approvals that are read in one round, a fifth of what the platform allows in a minute.
pub const APPROVALS_READ_MAX: usize = 120;

/// Approvals among them that still wait as the platform lists them, and are read again in turn.
pub const APPROVALS_AGAIN_MAX: usize = 20;

/// People who are asked in one approval of the platform at a time.
pub const APPROVAL_ASKED_MAX: usize = 50;

/// Longest value of an approval's form that is shown, in characters.
pub const APPROVAL_VALUE_CHARACTERS_MAX: usize = 400;

/// Rows of a table in an approval's form that are shown.
pub const APPROVAL_TABLE_ROWS_MAX: usize = 10;

/// How long it is remembered what stands in the calendar, and which one is ours.
pub const ENTRY_KEPT_MS: u64 = 400 * 24 * 3_600_000;

/// Meetings whose answers are read again; of more only what the platform tells is known.
pub const MEETINGS_OPEN_MAX: usize = 1_000;

/// How long after its end a meeting's answers are still read, in seconds.
pub const MEETING_OVER_AFTER_SECONDS: u64 = 24 * 3_600;

/// Schedules that are read by one call; the platform takes 1,000.
pub const SCHEDULES_AT_ONCE: usize = 100;

/// Schedules on one page of a calendar; the platform takes 1,000.
pub const SCHEDULES_PAGE: usize = 500;

/// Pages of the calendar in which a schedule is looked for that may be there already.
pub const SCHEDULES_PAGES_MAX: usize = 100;

/// Longest title of a schedule, in characters, the platform's own.
pub const SCHEDULE_TITLE_CHARACTERS_MAX: usize = 128;

/// Longest description of a schedule, in characters, the platform's own.
pub const SCHEDULE_DESCRIPTION_CHARACTERS_MAX: usize = 512;

/// Longest place of a schedule, in characters, the platform's own.
pub const SCHEDULE_LOCATION_CHARACTERS_MAX: usize = 128;

/// Longest address in a description, in characters; a longer one would leave no room for words.
pub const SCHEDULE_LINK_CHARACTERS_MAX: usize = 300;

/// How long the schedule of a task is, in seconds; it ends when the task is due.
pub const TODO_SECONDS: u64 = 15 * 60;

/// Days of a series that are looked at to find its last one: ten years.
pub const SERIES_DAYS_MAX: usize = 3_660;
