//! Every bound of this crate, with its unit in the name.

use std::time::Duration;

const MINUTE_MS: u64 = 60 * 1_000;
const HOUR_MS: u64 = 60 * MINUTE_MS;
pub(crate) const DAY_MS: u64 = 24 * HOUR_MS;

/// Longest title, in characters.
pub const TITLE_CHARACTERS_MAX: usize = 200;

/// Longest description, and text copied from a message, in characters.
pub const DESCRIPTION_CHARACTERS_MAX: usize = 4_000;

/// Longest reason or comment, in characters.
pub const REASON_CHARACTERS_MAX: usize = 1_000;

/// Most people who have one task to do.
pub const ASSIGNEES_MAX: usize = 20;

/// Most people who follow one task.
pub const FOLLOWERS_MAX: usize = 100;

/// Most tags of one task.
pub const TAGS_MAX: usize = 10;

/// Longest tag, in characters.
pub const TAG_CHARACTERS_MAX: usize = 30;

/// Most items of a checklist.
pub const CHECKLIST_MAX: usize = 50;

/// Longest item of a checklist, in characters.
pub const ITEM_CHARACTERS_MAX: usize = 200;

/// Most reminders before a task is due.
pub const REMINDERS_MAX: usize = 8;

/// Reminders that stay listed on a task.
pub const FIRED_KEPT_MAX: usize = 20;

/// How long before it is due a task reminds of itself, where nobody said otherwise.
pub const REMIND_BEFORE_MS: [u64; 3] = [DAY_MS, HOUR_MS, 0];

/// How long after it was due a task reminds those who do it and who made it.
pub const OVERDUE_MS: u64 = 24 * HOUR_MS;

/// How long after it was due a task reminds the heads.
pub const OVERDUE_HEADS_MS: u64 = 48 * HOUR_MS;

/// How long after it was due a task is said to be due now.
pub const DUE_NOW_MS: u64 = 30 * MINUTE_MS;

/// How long ⏰ puts a reminder off.
pub const SNOOZE_MS: u64 = HOUR_MS;

/// Longest that a reminder can be put off.
pub const SNOOZE_MS_MAX: u64 = 30 * DAY_MS;

/// How long a refusal waits for its reason.
pub const REASON_WAIT_MS: u64 = 10 * MINUTE_MS;

/// Most parents above one task.
pub const PARENTS_MAX: usize = 32;

/// Most lines of a card.
pub const CARD_LINES_MAX: usize = 12;

/// Longest line of a card but the first, in characters.
pub const CARD_LINE_CHARACTERS_MAX: usize = 160;

/// Items of a checklist that a card shows.
pub const CARD_ITEMS_MAX: usize = 3;

/// Tasks that a board shows.
pub const BOARD_LINES_MAX: usize = 15;

/// Tasks that a list shows.
pub const LIST_LINES_MAX: usize = 15;

/// Tasks that one part of a digest shows.
pub const DIGEST_LINES_MAX: usize = 10;

/// Tasks of somebody, or of a room, that a list or a digest reads at most; those that are older are told of by a line.
pub const TASKS_READ_MAX: usize = 2_000;

/// Most templates of one room or person.
pub const TEMPLATES_MAX: usize = 50;

/// Longest name of a template, in characters.
pub const TEMPLATE_NAME_CHARACTERS_MAX: usize = 30;

/// Latest day on which a task of a template is due, counted from the one on which it is made.
pub const TEMPLATE_DAYS_MAX: i32 = 731;

/// Longest number of a case behind its first letters, in characters.
pub const NUMBER_CHARACTERS_MAX: usize = 32;

/// How long changes of a room are gathered before its board is edited.
pub const BOARD_WAIT_MS: u64 = 2_000;

/// How often the bot looks whether the board was sent, so that it can be pinned.
pub const PIN_TRIES_MAX: u64 = 5;

/// Most events that are pinned in a room when the board joins them.
pub const PINS_MAX: usize = 100;

/// People whose digests are written in one go; the rest follows at once.
pub const DIGESTS_AT_ONCE_MAX: usize = 50;

/// Zones in which there are digests.
pub const ZONES_MAX: usize = 64;

/// How often the bot looks who has left.
pub const LEAVERS_INTERVAL_MS: u64 = MINUTE_MS;

/// Tasks of one leaver, or of one room that is gone, that are passed on in one go; the rest follows with the next look.
pub const MOVED_AT_ONCE_MAX: usize = 50;

/// Departments below a head's own whose tasks are listed for the head; people in them are counted by [`DEPARTMENT_PEOPLE_MAX`].
pub const DEPARTMENT_PEOPLE_MAX: usize = 200;

/// Most occurrences of a repeated task that are counted as missed.
pub const OCCURRENCES_MAX: u16 = 730;

/// How far ahead a task may repeat, in days: two years.
pub const REPEAT_DAYS_MAX: i64 = 731;

/// Longest rule of repetition, in bytes.
pub const RULE_BYTES_MAX: usize = 300;

/// Longest title that is taken from a message, in characters.
pub const COPIED_TITLE_CHARACTERS_MAX: usize = 60;

/// Tasks that are told of elsewhere in one go.
pub const HOOK_ROWS_AT_ONCE: usize = 100;

/// How long a change waits to be told of elsewhere while it is not taken there, in ms; then it is given up.
pub const HOOK_KEPT_MS: u64 = 3 * DAY_MS;

/// First pause while nobody answers there, and of a task that alone is not taken; where it is refused, its turn comes with the look
/// after it.
pub const HOOK_PAUSE: Duration = Duration::from_secs(5);

/// Refusals in a row after which the other tasks wait for the next look.
pub const HOOK_REFUSALS_IN_A_ROW_MAX: usize = 10;

/// How often those who look after the organisation hear of changes that are refused elsewhere, or given up, in ms.
pub const HOOK_WARNING_INTERVAL_MS: u64 = DAY_MS;

/// Longest pause while nobody answers there, and of a task that alone is not taken.
pub const HOOK_PAUSE_MAX: Duration = Duration::from_secs(15 * 60);

/// How often it is looked at what waits, without news.
pub const HOOK_LOOK_INTERVAL: Duration = Duration::from_secs(60);

/// Time for telling of one task elsewhere.
pub const HOOK_TIME_MAX: Duration = Duration::from_secs(15);

/// Bytes of an answer from elsewhere; nobody reads them.
pub const HOOK_ANSWER_BYTES_MAX: usize = 64 * 1024;
