//! Every bound of the store, with its unit in the name.

use std::time::Duration;

/// Longest encoded key, table tag included. Four identifiers of 255 bytes fit twice over.
pub const KEY_BYTES_MAX: usize = 4096;

/// Longest encoded value. The largest are state snapshots (16 bytes per entry: 500,000 entries).
pub const VALUE_BYTES_MAX: usize = 8 * 1024 * 1024;

/// Most keys and values one batch may carry, in bytes.
pub const BATCH_BYTES_MAX: usize = 32 * 1024 * 1024;

/// Most puts, deletes and conditions in one batch.
pub const BATCH_OPERATIONS_MAX: usize = 200_000;

/// Most positions one batch may ask for.
pub const BATCH_POSITIONS_MAX: u32 = 32_768;

/// Most rows one scan gives back; ask again after the last key for more.
pub const SCAN_ROWS_MAX: usize = 10_000;

/// Most keys of one `multi_get`.
pub const MULTI_GET_KEYS_MAX: usize = 10_000;

/// Batches that may wait for the committer.
pub const QUEUE_BATCHES_MAX: usize = 8_192;

/// Bytes that may wait for the committer. More than one batch of the largest size.
pub const QUEUE_BYTES_MAX: usize = 128 * 1024 * 1024;

/// Batches that one write and one sync serve at most.
pub const GROUP_BATCHES_MAX: usize = 1_024;

/// Bytes after which a group is closed, so that one huge batch does not delay a thousand small ones.
pub const GROUP_BYTES_MAX: usize = 8 * 1024 * 1024;

/// How long batches of background threads wait at most after a group was written.
pub const REST_MAX: Duration = Duration::from_millis(20);

/// How long after a batch that somebody waited for batches of background threads still make room for the next one.
pub const PEOPLE_STAY: Duration = Duration::from_secs(10);

/// How far positions jump when a store that ran without sync is opened again: more than could be lost.
pub const RELAXED_POSITIONS_JUMP: u64 = 1_000_000;

/// How far positions jump when restored data is opened: more than any server gives out between two backups, and few
/// enough that thousands of restores stay within what JSON numbers hold.
pub const RESTORE_POSITIONS_JUMP: u64 = 100_000_000_000;

/// Restores whose lost positions are remembered; a token from before more of them counts as an old one.
pub const RESTORES_REMEMBERED_MAX: usize = 16;
