//! How each profile is laid out on the disk and in memory.

use rocksdb::statistics::StatsLevel;
use rocksdb::{
    BlockBasedOptions, Cache, ColumnFamilyDescriptor, DBCompressionType, DBRecoveryMode, Env, LogLevel,
    Options, SliceTransform, WriteBufferManager,
};
use store::Profile;

use crate::limits::{
    FILE_OPENING_THREADS, LEVEL_0_FILES_MAX, LEVEL_0_FILES_SLOW, LOG_BYTES_MAX, SCAN_PREFIX_BYTES,
    WRITE_BUFFERS_MAX,
};
use crate::settings::RocksSettings;

/// The block caches: large values have their own, so that a page of old events does not evict the ids of all rooms.
pub(crate) struct Caches {
    pub(crate) rows: Cache,
    pub(crate) blobs: Cache,
}

impl Caches {
    pub(crate) fn new(budget_bytes: usize) -> Self {
        let blobs = budget_bytes / 4;
        Self { rows: cache(budget_bytes - blobs), blobs: cache(blobs) }
    }
}

/// Without a lock: a thread that yields to all others would hold it for as long as they keep it from the processor, and they would
/// wait for it.
fn cache(bytes: usize) -> Cache {
    const ANY_SIZE_OF_ENTRIES: usize = 0;
    Cache::new_hyper_clock_cache(bytes, ANY_SIZE_OF_ENTRIES)
}

/// The threads of all databases of this process. Those that compact yield to the threads on which people's requests are answered; those
/// that make room for writes do not.
///
/// # Errors
/// When there is no memory for it.
pub(crate) fn environment() -> Result<Env, rocksdb::Error> {
    let mut environment = Env::new()?;
    environment.lower_thread_pool_cpu_priority();
    Ok(environment)
}

/// Options of the whole database.
pub(crate) fn database(settings: &RocksSettings, environment: &Env) -> Options {
    let mut options = Options::default();
    options.create_if_missing(true);
    options.create_missing_column_families(true);
    options.set_max_open_files(settings.open_files_max);
    // Each family starts so many threads for a moment while the database is opened; sixteen would be the default.
    options.set_max_file_opening_threads(FILE_OPENING_THREADS);
    options.set_env(environment);
    options.set_max_background_jobs(2);
    options.set_max_total_wal_size(LOG_BYTES_MAX);
    let buffers = WriteBufferManager::new_write_buffer_manager(settings.write_buffer_bytes, false);
    options.set_write_buffer_manager(&buffers);
    // A torn tail is what a power cut leaves, and nothing in it was acknowledged. A log file that is missing
    // altogether is refused.
    options.set_wal_recovery_mode(DBRecoveryMode::PointInTime);
    options.set_track_and_verify_wals_in_manifest(true);
    options.set_avoid_unnecessary_blocking_io(true);
    options.set_bytes_per_sync(1024 * 1024);
    options.set_log_level(LogLevel::Warn);
    options.set_keep_log_file_num(2);
    options.set_max_log_file_size(1024 * 1024);
    options.enable_statistics();
    // Counters only: taking the time of every read would cost more than many a read.
    options.set_statistics_level(StatsLevel::ExceptHistogramOrTimers);
    options.set_stats_dump_period_sec(0);
    options.set_stats_persist_period_sec(0);
    options
}

/// The column family of a profile.
pub(crate) fn family(profile: Profile, settings: &RocksSettings, caches: &Caches) -> ColumnFamilyDescriptor {
    let mut blocks = BlockBasedOptions::default();
    blocks.set_format_version(6);
    blocks.set_cache_index_and_filter_blocks(true);
    blocks.set_cache_index_and_filter_blocks_with_high_priority(true);
    blocks.set_pin_l0_filter_and_index_blocks_in_cache(true);
    blocks.set_optimize_filters_for_memory(true);
    let mut options = Options::default();
    options.set_write_buffer_size((settings.write_buffer_bytes / 4).max(1024 * 1024));
    // Room for what is written while earlier rows go to the disk: with none, everybody would wait for that.
    options.set_max_write_buffer_number(WRITE_BUFFERS_MAX);
    options.set_level_zero_slowdown_writes_trigger(LEVEL_0_FILES_SLOW);
    options.set_level_zero_stop_writes_trigger(LEVEL_0_FILES_MAX);
    options.set_level_compaction_dynamic_level_bytes(true);
    options.set_compression_type(DBCompressionType::Lz4);
    options.set_bottommost_compression_type(DBCompressionType::Zstd);
    blocks.set_block_cache(if profile == Profile::Blob { &caches.blobs } else { &caches.rows });
    match profile {
        // One small row per read: small blocks, and a filter because many reads ask for what is not there.
        Profile::Point => {
            blocks.set_block_size(1024);
            blocks.set_ribbon_filter(10.0);
            options.set_memtable_whole_key_filtering(true);
            options.set_memtable_prefix_bloom_ratio(0.02);
        }
        // Ranges under one room or user: a filter by the first part of the key skips files without it.
        Profile::Scan => {
            blocks.set_block_size(4 * 1024);
            blocks.set_ribbon_filter(10.0);
            blocks.set_whole_key_filtering(true);
            options.set_prefix_extractor(SliceTransform::create_fixed_prefix(SCAN_PREFIX_BYTES));
        }
        // Rows die young: cheap compression only, and no filter.
        Profile::Queue => {
            blocks.set_block_size(8 * 1024);
            options.set_bottommost_compression_type(DBCompressionType::Lz4);
        }
        // A handful of rows, overwritten all the time; they live in the write buffer.
        Profile::Counter => {
            blocks.set_block_size(1024);
            options.set_compression_type(DBCompressionType::None);
            options.set_bottommost_compression_type(DBCompressionType::None);
            options.set_write_buffer_size(1024 * 1024);
        }
        // Event JSON compresses well together.
        Profile::Blob => {
            blocks.set_block_size(8 * 1024);
            blocks.set_ribbon_filter(10.0);
        }
    }
    options.set_block_based_table_factory(&blocks);
    ColumnFamilyDescriptor::new(profile.name(), options)
}
