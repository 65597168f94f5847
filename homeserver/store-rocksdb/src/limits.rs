//! Bounds and defaults of the engine.

/// Memory for cached blocks of all profiles together, by default.
pub const CACHE_BYTES_DEFAULT: usize = 64 * 1024 * 1024;

/// Memory for rows that are in the write-ahead log only, by default. Small, so that an idle server is small.
pub const WRITE_BUFFER_BYTES_DEFAULT: usize = 16 * 1024 * 1024;

/// Files kept open, by default.
pub const OPEN_FILES_MAX_DEFAULT: i32 = 512;

/// Files that are opened at the same time at the start.
pub const FILE_OPENING_THREADS: i32 = 4;

/// Room on the disk below which writes are refused, by default: enough to end compactions and to start up again.
pub const FREE_BYTES_MIN_DEFAULT: u64 = 64 * 1024 * 1024;

/// Write-ahead log kept before the oldest table is flushed; bounds the time of a start after a crash.
pub const LOG_BYTES_MAX: u64 = 32 * 1024 * 1024;

/// How long an open waits for another process, or an earlier store of this one, to let go of the directory.
pub const LOCK_WAIT_MS_MAX: u64 = 3_000;

/// Bytes of the table tag and the first 8-byte part of a key, by which filters of the scan profile work.
pub const SCAN_PREFIX_BYTES: usize = 10;

/// Write buffers of a family in memory, those that go to the disk included. [`WRITE_BUFFER_BYTES_DEFAULT`] bounds what all of them take
/// together: above it the largest goes to the disk.
pub const WRITE_BUFFERS_MAX: i32 = 6;

/// Files of the first level from which on writes are slowed down: compaction stands behind people's requests, and may come late.
pub const LEVEL_0_FILES_SLOW: i32 = 40;

/// Files of the first level at which writes wait for compaction.
pub const LEVEL_0_FILES_MAX: i32 = 80;
