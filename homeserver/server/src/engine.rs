//! Which engine keeps the data.

use std::{path::Path, sync::Arc};

use config::{Config, DatabaseEngine};
use store::{Engine, MemoryKv};
use store_rocksdb::{Durability, RocksKv, RocksSettings};

use crate::StartError;

/// Name of the database folder in the data folder.
pub(crate) const FOLDER_NAME: &str = "database";

/// Opens the engine that the configuration names. RocksDB holds a lock: a second process is refused.
pub(crate) fn open(config: &Config, directory: &Path) -> Result<Arc<dyn Engine>, StartError> {
    match config.database.engine {
        DatabaseEngine::Memory => Ok(Arc::new(MemoryKv::new())),
        DatabaseEngine::Rocksdb => rocksdb(config, &directory.join(FOLDER_NAME)),
    }
}

fn rocksdb(config: &Config, path: &Path) -> Result<Arc<dyn Engine>, StartError> {
    let mut settings = RocksSettings::new(path);
    settings.durability = durability(config);
    let mebibytes = usize::try_from(config.database.cache_mebibytes).unwrap_or(usize::MAX);
    settings.cache_bytes = mebibytes.saturating_mul(1024 * 1024);
    settings.free_bytes_min = config.database.free_mebibytes_min.saturating_mul(1024 * 1024);
    Ok(Arc::new(RocksKv::open(&settings)?))
}

/// When a write counts as done.
pub(crate) fn durability(config: &Config) -> Durability {
    if config.database.durable { Durability::Sync } else { Durability::Relaxed }
}
