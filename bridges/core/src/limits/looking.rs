//! Bounds of what platforms are asked for by themselves: what was said before, who is in a conversation, whether it is still there.

use std::time::Duration;

use super::DAY_MS;

/// History is read from this much before the newest message that is known, in milliseconds.
pub const BACKFILL_OVERLAP_MS: u64 = 120_000;
/// Longest time that history is read back for, in milliseconds.
pub const BACKFILL_MS_MAX: u64 = 7 * 24 * 60 * 60 * 1_000;
/// For how long after it was said a message is read again where no event tells of its changes, in milliseconds.
pub const READ_AGAIN_MS: u64 = DAY_MS;
/// How often it is looked which conversations are to be read again.
pub const READ_AGAIN_LOOK: Duration = Duration::from_secs(60);
/// Conversations that are read again at one look: with all their topics less than half of the requests that a platform takes in this
/// time.
pub const READ_AGAIN_AT_ONCE_MAX: usize = 60;
/// Conversations that cannot be read again just now before a look ends: the platform has other troubles.
pub const READ_AGAIN_FAILURES_MAX: usize = 3;
/// How long after a new connection what came live waits for what was missed before it in its conversation.
pub const BEHIND_MAX: Duration = Duration::from_secs(10);
/// Pages of history of one conversation at one connection.
pub const BACKFILL_PAGES_MAX: usize = 100;
/// How often a page of history waits for its lane to have room again.
pub const HISTORY_WAITS_MAX: usize = 1_800;
/// Requests for what was said before that wait or are worked on.
pub const READINGS_MAX: usize = 50;
/// Conversations whose history is read at once.
pub const BACKFILLS_AT_ONCE: usize = 4;
/// How often who is in a conversation is compared with who is in its room, beside each connection.
pub const MEMBERS_INTERVAL: Duration = Duration::from_secs(60 * 60);
/// Shortest time between two comparisons: a line that comes and goes asks no more often.
pub const MEMBERS_PAUSE_MIN: Duration = Duration::from_secs(5 * 60);
/// Conversations whose members are asked for at once.
pub const MEMBERS_AT_ONCE: usize = 2;
/// Members of a conversation that are compared; with more of them people leave as the platform tells it.
pub const MEMBERS_COMPARED_MAX: usize = 5_000;
/// How often it is asked whether conversations are still there while a line stays up.
pub const STILL_THERE_INTERVAL: Duration = Duration::from_secs(24 * 60 * 60);
/// Shortest time between two rounds of that: a line that comes and goes asks no more often.
pub const STILL_THERE_PAUSE_MIN: Duration = Duration::from_secs(5 * 60);
/// Time from one conversation that is asked for to the next.
pub const STILL_THERE_STEP: Duration = Duration::from_millis(200);
/// Conversations that cannot be asked for just now before a round ends: the platform has other troubles.
pub const STILL_THERE_FAILURES_MAX: usize = 3;
/// Pages of a platform's list of conversations that are read.
pub const LIST_PAGES_MAX: usize = 50;
/// How often it is asked who left their company while a line stays up.
pub const LEAVERS_INTERVAL: Duration = Duration::from_secs(24 * 60 * 60);
/// Shortest time between two rounds of that.
pub const LEAVERS_PAUSE_MIN: Duration = Duration::from_secs(60 * 60);
/// Time from one person who is asked for to the next.
pub const LEAVERS_STEP: Duration = Duration::from_millis(200);
/// People of a platform who are asked for in one round.
pub const LEAVERS_ASKED_MAX: usize = 10_000;
/// Accounts in rooms that are read at once for it.
pub const LEAVERS_PAGE: usize = 500;
/// People who cannot be asked for just now before a round ends: the platform has other troubles.
pub const LEAVERS_FAILURES_MAX: usize = 3;
/// People of whom a platform does not tell it before a round ends: it tells it of nobody.
pub const LEAVERS_UNTOLD_MAX: usize = 20;
/// So many may leave between two rounds, however few are asked for.
pub const LEAVERS_SURE: usize = 20;
/// Beyond them no more than this part of those who are asked for, so many to one: settings that lead to another company make
/// strangers of all.
pub const LEAVERS_PART: usize = 10;
