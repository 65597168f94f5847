//! What the operator may choose.

use std::path::PathBuf;

use crate::limits::{
    CACHE_BYTES_DEFAULT, FREE_BYTES_MIN_DEFAULT, OPEN_FILES_MAX_DEFAULT, WRITE_BUFFER_BYTES_DEFAULT,
};

/// What "acknowledged" means.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Durability {
    /// On the disk: the write-ahead log is synced before every answer. Survives a power cut.
    #[default]
    Sync,
    /// In the hands of the operating system. Survives a kill of the process, not a power cut: the last seconds may be
    /// lost, and the next start leaves a gap of positions so that no token points at something else.
    Relaxed,
}

/// Settings of the engine. Everything but the path has a default.
#[derive(Clone, Debug)]
pub struct RocksSettings {
    /// The directory of the database; made if it is missing.
    pub path: PathBuf,
    /// When a write counts as done.
    pub durability: Durability,
    /// Memory for cached blocks, indexes and filters, in bytes: the one budget, shared out by profile.
    pub cache_bytes: usize,
    /// Memory for rows that are not in a table file yet, in bytes.
    pub write_buffer_bytes: usize,
    /// Files kept open at most.
    pub open_files_max: i32,
    /// Free bytes on the disk below which writes are refused.
    pub free_bytes_min: u64,
}

impl RocksSettings {
    /// The defaults, in this directory.
    #[must_use]
    pub fn new(path: impl Into<PathBuf>) -> Self {
        Self {
            path: path.into(),
            durability: Durability::default(),
            cache_bytes: CACHE_BYTES_DEFAULT,
            write_buffer_bytes: WRITE_BUFFER_BYTES_DEFAULT,
            open_files_max: OPEN_FILES_MAX_DEFAULT,
            free_bytes_min: FREE_BYTES_MIN_DEFAULT,
        }
    }
}
