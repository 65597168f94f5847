//! Bounds of snapshots and of resolution.

/// Layers of one snapshot, the lowest included.
pub const LAYERS_MAX: usize = 8;

/// A layer is merged into the one below unless that is more than this many times larger.
pub const LAYER_GROWTH: usize = 4;

/// Snapshots made by batches that are not durable yet, by count. Far more than all batches under way can hold.
pub const FRESH_LAYERS_MAX: usize = 8_192;

/// States that one resolution compares.
pub const STATES_MAX: usize = 60;

/// Events that one resolution loads.
pub const EVENTS_LOADED_MAX: usize = 60_000;

/// Chains that one state event may stand on. Honest rooms have as many as people who ever set power levels; a row of the
/// auth graph then is no larger than the largest event (CVE-2024-31208).
pub const REACH_CHAINS_MAX: usize = 4_096;

/// Places in chains that one comparison of states looks at.
pub const REACH_STEPS_MAX: usize = 20_000_000;

/// Rounds in which a resolution may ask for events that were not foreseen.
pub const LOAD_ROUNDS_MAX: usize = 64;

/// Conflicts of more events than this are resolved on the pool for blocking work.
pub const EVENTS_INLINE_MAX: usize = 200;

/// Agreed state events whose ancestry one resolution may read, when nothing less decides.
pub const AGREED_ANCESTRY_MAX: usize = 1_000_000;

/// Rows read at once.
pub const PAGE_ROWS: usize = 5_000;

/// Finished resolutions kept in memory, by count.
pub const RESOLVED_CACHE_ENTRIES: u64 = 4_096;

/// Ancestry rows kept in memory, by count.
pub const ANCESTRY_CACHE_ENTRIES: u64 = 100_000;

/// Bytes that a usual layer takes in memory; only a guess that sizes tables.
pub const LAYER_USUAL_BYTES: u64 = 256;

/// Bytes that a usual whole state takes in memory; only a guess that sizes tables.
pub const STATE_USUAL_BYTES: u64 = 1_024;
