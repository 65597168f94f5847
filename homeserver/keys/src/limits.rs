//! Named bounds of this crate.

/// Largest content of one to-device message, in bytes of JSON.
pub const TO_DEVICE_CONTENT_BYTES_MAX: usize = 65_536;

/// Most messages that wait for one device. The oldest make room for new ones: a device that returns after months
/// can still read what was sent lately.
pub const TO_DEVICE_QUEUE_LENGTH_MAX: usize = 10_000;

/// Most recipients of one request, after `*` was expanded.
pub const TO_DEVICE_RECIPIENTS_MAX: usize = 10_000;

/// Most messages put into one batch of the store.
pub const TO_DEVICE_BATCH_LENGTH_MAX: usize = 256;

/// Most bytes of messages put into one batch of the store.
pub const TO_DEVICE_BATCH_BYTES_MAX: usize = 1 << 20;

/// How long a transaction id of `/sendToDevice` is remembered, in milliseconds.
pub const TRANSACTION_AGE_MS_MAX: u64 = 6 * 60 * 60 * 1_000;

/// Most forgotten transaction ids that one request sweeps out.
pub const TRANSACTIONS_SWEPT_MAX: usize = 16;

/// Most device queues whose length is remembered in memory.
pub const QUEUES_REMEMBERED_MAX: usize = 200_000;

/// Most rows read or deleted in one step.
pub const ROWS_PER_STEP_MAX: usize = 1_000;

/// Most devices whose key counts are remembered in memory.
pub const COUNTS_REMEMBERED_MAX: u64 = 100_000;

/// Most one-time keys of a device that are counted.
pub const ONE_TIME_KEYS_COUNTED_MAX: usize = 5_000;
