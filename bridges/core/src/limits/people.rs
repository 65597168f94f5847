//! Bounds of people: their accounts, who they are here, and what they are called.

use std::time::Duration;

use super::DAY_MS;

/// How long somebody's name and picture are taken for fresh, in milliseconds.
pub const GHOST_FRESH_MS: u64 = 24 * 60 * 60 * 1_000;
/// For how long it is known who left their company, in milliseconds: more than history is read back for, and than a list of members may
/// be behind.
pub const GONE_KEPT_MS: u64 = 30 * DAY_MS;
/// Largest picture of a person in bytes.
pub const AVATAR_BYTES_MAX: usize = 2 * 1024 * 1024;
/// People who come into a room at once.
pub const JOINS_AT_ONCE: usize = 8;
/// Members of a conversation that are shown in the room when it is bound; others come with their first word.
pub const MEMBERS_SHOWN_MAX: usize = 200;
/// Ids under which the staff list may know one colleague on one platform.
pub const LISTED_IDS_MAX: usize = 5;
/// Colleagues who are looked after in one page.
pub const COLLEAGUES_PER_LOOK: usize = 200;
/// How often somebody looks what colleagues and rooms wait for when nothing woke them.
pub const COLLEAGUES_INTERVAL: Duration = Duration::from_secs(10 * 60);
/// Colleagues of the staff list whose names are told from those of others.
pub const COLLEAGUE_NAMES_MAX: usize = 100_000;
/// Members of all bound rooms whose names are told from those of others.
pub const MEMBER_NAMES_MAX: usize = 200_000;
/// Members of one room of whom that is so.
pub const MEMBER_NAMES_PER_ROOM_MAX: usize = 5_000;
/// How often somebody looks which bound rooms are still to be read for it.
pub const MEMBER_NAMES_INTERVAL: Duration = Duration::from_secs(10 * 60);
/// For how long the names of the staff list are taken for fresh.
pub const NAMESAKES_FRESH: Duration = Duration::from_secs(10 * 60);
