//! Every bound of the sender, with its unit in the name.

use std::time::Duration;

/// PDUs of one transaction, as the specification says.
pub const TRANSACTION_PDUS_MAX: usize = 50;
/// EDUs of one transaction, as the specification says.
pub const TRANSACTION_EDUS_MAX: usize = 100;
/// Bytes of PDUs and EDUs in one transaction, unless one of them alone is larger: below the 1 MiB that reverse proxies
/// take when nobody tells them otherwise, because a body that is refused for its size is lost.
pub const TRANSACTION_BYTES_MAX: usize = 900 * 1024;
/// Transactions under way at once, over all destinations.
pub const TRANSACTIONS_AT_ONCE_MAX: usize = 64;

/// Events that wait for one destination one by one. Past that only the newest event of each room is remembered, and the
/// destination asks for what it missed.
pub const QUEUED_EVENTS_PER_DESTINATION_MAX: usize = 10_000;
/// EDUs that must not be lost and wait for one destination; past that the oldest go.
pub const QUEUED_EDUS_PER_DESTINATION_MAX: usize = 20_000;
/// Rooms told of by one transaction of a destination that catches up.
pub const CATCH_UP_ROOMS_PER_TRANSACTION_MAX: usize = 50;
/// Typing notices, receipts and presences that wait for one destination; further ones are dropped.
pub const EPHEMERAL_PER_DESTINATION_MAX: usize = 1_000;
/// Receipts of one EDU.
pub const RECEIPTS_PER_EDU_MAX: usize = 500;
/// Presences of one EDU.
pub const PRESENCES_PER_EDU_MAX: usize = 100;
/// Users whose changed presence is looked at in one step; who is further back is told with the next change.
pub const PRESENCE_CHANGES_MAX: usize = 1_000;
/// Rooms of one user that are looked at to find the servers that share one.
pub const SHARED_ROOMS_MAX: usize = 10_000;
/// Devices of one user that are announced at once.
pub const DEVICES_ANNOUNCED_MAX: usize = 1_000;

/// First pause after a failure, before chance is added; each further one is twice as long.
pub const BACK_OFF_MS_MIN: u64 = 2_000;
/// Longest pause between two attempts.
pub const BACK_OFF_MS_MAX: u64 = 60 * 60 * 1_000;
/// Time over which the first attempts after a start are spread, per destination that waits.
pub const START_SPREAD_MS_PER_DESTINATION: u64 = 20;
/// Longest time over which the first attempts after a start are spread.
pub const START_SPREAD_MS_MAX: u64 = 60 * 1_000;
/// How long the sender sleeps at most before it looks whose pause has ended.
pub const NAP_MAX: Duration = Duration::from_secs(60);

/// Rows after which the feed ends its batch. What one event causes is written whole.
pub const FEED_ROWS_PER_BATCH: usize = 20_000;
/// Bytes after which the feed ends its batch; a quarter of what the store takes at once.
pub const FEED_BYTES_PER_BATCH: usize = 8 * 1024 * 1024;
/// Tries to write down that a transaction was answered, each against a feed that queues meanwhile.
pub const ACKNOWLEDGE_TRIES_MAX: u32 = 16;
/// Rows read at once.
pub const PAGE_ROWS: usize = 1_000;
/// Destinations that one administrative answer lists at most.
pub const REPORT_DESTINATIONS_MAX: usize = 1_000;

/// Local users of a room that was completed whose devices are introduced to its servers. Only those are in it who came
/// while it was being completed.
pub(super) const COMPLETED_LOCALS_MAX: usize = 500;
/// Changes of a room's state, made before it was completed, that are looked at for servers which have gone meanwhile.
pub(super) const COMPLETED_CHANGES_MAX: usize = 1_000;

/// How far the numbers of announcements of devices go on after a restore: more than anybody made since the backup.
pub const ANNOUNCEMENTS_JUMP: u64 = 1_000_000;
