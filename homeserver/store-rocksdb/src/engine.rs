//! The engine: opening, writing, and what an operator watches.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use rocksdb::checkpoint::Checkpoint;
use rocksdb::statistics::Ticker;
use rocksdb::{DB, IteratorMode, Options, ReadOptions, WriteBatch, WriteOptions};
use store::{ByteRange, EachRow, Engine, EngineError, Operation, Profile, View};

use crate::directory::{self, DirectoryError};
use crate::limits::LOCK_WAIT_MS_MAX;
use crate::options::{self, Caches};
use crate::settings::{Durability, RocksSettings};
use crate::snapshot::{self, SnapshotView, failure, family};

/// What RocksDB counts and an operator watches: how often a block was in memory, and how long writes were held up
/// because compaction did not keep pace.
const COUNTERS: [(&str, Ticker); 5] = [
    ("store_cache_hits_total", Ticker::BlockCacheHit),
    ("store_cache_misses_total", Ticker::BlockCacheMiss),
    ("store_stall_microseconds_total", Ticker::StallMicros),
    ("store_compaction_read_bytes_total", Ticker::CompactReadBytes),
    ("store_compaction_written_bytes_total", Ticker::CompactWriteBytes),
];

/// A RocksDB directory as an engine. The directory is free again when the engine and all its snapshots are dropped.
pub struct RocksKv {
    database: Arc<DB>,
    caches: Caches,
    path: PathBuf,
    durability: Durability,
    free_bytes_min: u64,
    /// Made once: a read allocates no options.
    reading: ReadOptions,
    /// Holds the counters of RocksDB.
    options: Options,
}

impl std::fmt::Debug for RocksKv {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("RocksKv").field("path", &self.path).finish_non_exhaustive()
    }
}

impl RocksKv {
    /// Opens the directory, or creates a database in an empty one. Waits a few seconds (blocking) while another store
    /// still holds it.
    pub fn open(settings: &RocksSettings) -> Result<Self, DirectoryError> {
        directory::prepare(&settings.path)?;
        let caches = Caches::new(settings.cache_bytes);
        let environment = options::environment().map_err(|error| refusal(&settings.path, error))?;
        let options = options::database(settings, &environment);
        let database = Arc::new(open_database(settings, &options, &caches)?);
        Ok(Self {
            database,
            caches,
            path: settings.path.clone(),
            durability: settings.durability,
            free_bytes_min: settings.free_bytes_min,
            reading: ReadOptions::default(),
            options,
        })
    }

    fn gauge(&self, name: &'static str, property: &str, profile: Profile) {
        let Ok(family) = family(&self.database, profile) else { return };
        if let Ok(Some(value)) = self.database.property_int_value_cf(family, property) {
            metrics::gauge!(name, "profile" => profile.name()).set(value as f64);
        }
    }
}

fn open_database(settings: &RocksSettings, whole: &Options, caches: &Caches) -> Result<DB, DirectoryError> {
    let mut waited_ms = 0;
    loop {
        let families = Profile::ALL.map(|profile| options::family(profile, settings, caches));
        match DB::open_cf_descriptors(whole, &settings.path, families) {
            Ok(database) => return Ok(database),
            Err(error) if (is_locked(&error) || is_swept(&error)) && waited_ms < LOCK_WAIT_MS_MAX => {
                std::thread::sleep(Duration::from_millis(50));
                waited_ms += 50;
            }
            Err(error) => return Err(refusal(&settings.path, error)),
        }
    }
}

fn is_locked(error: &rocksdb::Error) -> bool {
    let text: &str = error.as_ref();
    text.contains("lock file") || text.contains("lock hold by current process")
}

/// Before it asks for the lock, RocksDB removes old message logs of its own: where another one is just closing, they may be
/// gone already.
fn is_swept(error: &rocksdb::Error) -> bool {
    let text: &str = error.as_ref();
    text.contains("while unlink()") && text.contains("/LOG.old.")
}

fn refusal(path: &Path, error: rocksdb::Error) -> DirectoryError {
    let path = path.to_owned();
    if is_locked(&error) {
        return DirectoryError::InUse(path);
    }
    match error.kind() {
        rocksdb::ErrorKind::IOError => {
            DirectoryError::Unusable { path, reason: std::io::Error::other(error.into_string()) }
        }
        _ => DirectoryError::Damaged { path, reason: error.into_string() },
    }
}

impl View for RocksKv {
    fn get(&self, profile: Profile, key: &[u8], found: &mut dyn FnMut(&[u8])) -> Result<(), EngineError> {
        snapshot::get(&self.database, &self.reading, profile, key, found)
    }

    fn multi_get(
        &self,
        profile: Profile,
        keys: &[Vec<u8>],
        found: &mut dyn FnMut(usize, &[u8]),
    ) -> Result<(), EngineError> {
        snapshot::multi_get(&self.database, &self.reading, profile, keys, found)
    }

    fn scan(&self, profile: Profile, range: &ByteRange, each: &mut EachRow<'_>) -> Result<(), EngineError> {
        snapshot::scan(&self.database, ReadOptions::default(), profile, range, each)
    }
}

impl Engine for RocksKv {
    fn snapshot(&self) -> Result<Arc<dyn View>, EngineError> {
        Ok(Arc::new(SnapshotView::take(Arc::clone(&self.database))))
    }

    fn write(&self, operations: &[Operation]) -> Result<(), EngineError> {
        let mut batch = WriteBatch::default();
        for operation in operations {
            let family = family(&self.database, operation.profile)?;
            match &operation.value {
                Some(value) => batch.put_cf(family, &operation.key, value),
                None => batch.delete_cf(family, &operation.key),
            }
        }
        let mut options = WriteOptions::default();
        options.set_sync(self.durability == Durability::Sync);
        self.database.write_opt(batch, &options).map_err(failure)
    }

    fn is_durable(&self) -> bool {
        self.durability == Durability::Sync
    }

    fn is_fresh(&self) -> Result<bool, EngineError> {
        if directory::is_marked(&self.path) {
            return Ok(false);
        }
        for profile in Profile::ALL {
            let mut rows = self.database.iterator_cf(family(&self.database, profile)?, IteratorMode::Start);
            if rows.next().transpose().map_err(failure)?.is_some() {
                return Ok(false);
            }
        }
        Ok(true)
    }

    fn created(&self) -> Result<(), EngineError> {
        directory::mark(&self.path).map_err(|error| EngineError::Io(error.to_string()))
    }

    fn is_nearly_full(&self) -> bool {
        // A file system that cannot be asked is found out by the write.
        rustix::fs::statvfs(&self.path)
            .is_ok_and(|room| room.f_bavail.saturating_mul(room.f_frsize) < self.free_bytes_min)
    }

    /// With hard links where the file system allows: cheap, and usable while the server runs.
    fn checkpoint(&self, directory: &Path) -> Result<(), EngineError> {
        let checkpoint = Checkpoint::new(&self.database).map_err(failure)?;
        checkpoint.create_checkpoint(directory).map_err(failure)?;
        directory::mark(directory).map_err(|error| EngineError::Io(error.to_string()))
    }

    fn ended(&self) {
        self.database.cancel_all_background_work(true);
    }

    fn record_metrics(&self) {
        for (pool, cache) in [("rows", &self.caches.rows), ("blobs", &self.caches.blobs)] {
            metrics::gauge!("store_cache_bytes", "pool" => pool).set(cache.get_usage() as f64);
            metrics::gauge!("store_cache_pinned_bytes", "pool" => pool).set(cache.get_pinned_usage() as f64);
        }
        for (name, ticker) in COUNTERS {
            metrics::counter!(name).absolute(self.options.get_ticker_count(ticker));
        }
        if let Ok(Some(stopped)) = self.database.property_int_value("rocksdb.is-write-stopped") {
            metrics::gauge!("store_writes_stopped").set(stopped as f64);
        }
        for profile in Profile::ALL {
            self.gauge("store_files_bytes", "rocksdb.total-sst-files-size", profile);
            self.gauge("store_write_buffer_bytes", "rocksdb.cur-size-all-mem-tables", profile);
            self.gauge(
                "store_compaction_pending_bytes",
                "rocksdb.estimate-pending-compaction-bytes",
                profile,
            );
            self.gauge("store_rows_estimated", "rocksdb.estimate-num-keys", profile);
        }
    }
}
