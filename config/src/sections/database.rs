//! Section `[database]`.

use serde::{Deserialize, Serialize};

use crate::{
    Problem,
    section::{report, section},
};

/// Which engine keeps the data.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum DatabaseEngine {
    /// RocksDB in the data folder.
    Rocksdb,
    /// Main memory; everything is gone when the server stops.
    Memory,
}

section! {
    name = "database", validate = validate;
    /// Where data is kept.
    pub struct Database {
        /// "rocksdb" keeps data in the data folder. "memory" forgets everything at the end, for trials.
        pub engine: DatabaseEngine = DatabaseEngine::Rocksdb,
        /// Whether an answer waits until the data is on the disk. With false a power cut may lose the
        /// last writes that clients were already told of.
        pub durable: bool = true,
        /// Mebibytes of main memory for blocks of the database.
        pub cache_mebibytes: u64 = 128,
        /// Mebibytes of main memory for decoded events, states and sessions.
        pub object_cache_mebibytes: u64 = 128,
        /// Mebibytes that stay free on the disk of the data folder. Below, writes are refused and readiness
        /// turns to no, so that a full disk never cuts a write in two.
        pub free_mebibytes_min: u64 = 64,
    }
}

fn validate(section: &Database, problems: &mut Vec<Problem>) {
    for (key, value) in [
        ("cache_mebibytes", section.cache_mebibytes),
        ("object_cache_mebibytes", section.object_cache_mebibytes),
    ] {
        if !(1..=1_048_576).contains(&value) {
            report(problems, "database", key, "must lie between 1 and 1048576");
        }
    }
    if section.free_mebibytes_min > 1_048_576 {
        report(problems, "database", "free_mebibytes_min", "must not be above 1048576");
    }
}
