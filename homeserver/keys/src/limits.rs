//! Named bounds of this crate.

/// Largest content of one to-device message, in bytes of JSON.
pub const TO_DEVICE_CONTENT_BYTES_MAX: usize = 65_536;

/// Most messages that wait for one device. The oldest make room for new ones: a device that returns after months
/// can still read what was sent lately.
pub const TO_DEVICE_QUEUE_LENGTH_MAX: usize = 10_000;

/// Most recipients of one request, after `*` was expanded.
pub const TO_DEVICE_RECIPIENTS_MAX: usize = 10_000;

/// Bytes of content from which on the messages for one other server go into a further EDU.
pub const OUTGOING_MESSAGE_BYTES_MAX: usize = 64 * 1024;

/// Most devices that one EDU for another server names.
pub const OUTGOING_MESSAGE_RECIPIENTS_MAX: usize = 100;

/// Most EDUs for other servers that are read at once: together at most 8 MiB.
pub const OUTGOING_MESSAGES_READ_MAX: usize = 64;

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

/// Most one-time keys of a device that wait; further ones are refused until some were claimed.
pub const ONE_TIME_KEYS_PER_DEVICE_MAX: usize = 1_000;

/// Most one-time keys, and most fallback keys, of one upload.
pub const KEYS_PER_UPLOAD_MAX: usize = 1_000;

/// Most algorithms for which a device may keep a fallback key.
pub const FALLBACK_KEYS_PER_DEVICE_MAX: usize = 16;

/// Largest identity keys of a device, in bytes of JSON.
pub const DEVICE_KEYS_BYTES_MAX: usize = 16_384;

/// Largest one-time or fallback key, in bytes of JSON.
pub const ONE_TIME_KEY_BYTES_MAX: usize = 2_048;

/// Largest cross-signing key, in bytes of JSON.
pub const CROSS_SIGNING_KEY_BYTES_MAX: usize = 16_384;

/// Longest id of a key, in bytes, its algorithm included.
pub const KEY_ID_BYTES_MAX: usize = 255;

/// Longest single value in a key object that is no object itself (an algorithm, a public key), in bytes.
pub const KEY_TEXT_BYTES_MAX: usize = 1_024;

/// Most entries of any list or map in a key object.
pub const KEY_ENTRIES_MAX: usize = 64;

/// Most keys of one request to claim keys.
pub const KEYS_PER_CLAIM_MAX: usize = 10_000;

/// Most keys that one batch of the store gives out.
pub const KEYS_PER_CLAIM_BATCH_MAX: usize = 256;

/// How often a claim is tried again when a key it chose was taken meanwhile.
pub const CLAIM_TRIES_MAX: usize = 32;

/// How long the id of a key that was given out is remembered, in milliseconds, so that the same key is not given out
/// again when its device uploads it once more.
pub const ISSUED_KEY_AGE_MS_MAX: u64 = 7 * 24 * 60 * 60 * 1_000;

/// Most old ids of issued keys that a claim sweeps out for each key it gives out.
pub const ISSUED_KEYS_SWEPT_PER_CLAIMED: usize = 2;

/// Most users of one query of keys.
pub const USERS_PER_QUERY_MAX: usize = 10_000;

/// Longest name of a device of another server that is kept, in bytes.
pub const DEVICE_NAME_BYTES_MAX: usize = 256;

/// Most devices of a user whose keys are told.
pub const DEVICES_PER_USER_MAX: usize = 1_000;

/// Most objects of one upload of signatures.
pub const SIGNED_OBJECTS_PER_UPLOAD_MAX: usize = 1_000;

/// Most signatures on one user's keys that are read for one answer.
pub const SIGNATURES_PER_USER_MAX: usize = 10_000;

/// Largest description of a key backup (`auth_data`), in bytes of JSON.
pub const BACKUP_DESCRIPTION_BYTES_MAX: usize = 65_536;

/// Longest name of a backup's algorithm, and longest id of a session, in bytes.
pub const BACKUP_NAME_BYTES_MAX: usize = 255;

/// Largest backed-up session, in bytes of JSON.
pub const BACKUP_SESSION_BYTES_MAX: usize = 65_536;

/// Most sessions of one upload into a backup.
pub const BACKUP_SESSIONS_PER_UPLOAD_MAX: usize = 10_000;

/// Most sessions of one backup.
pub const BACKUP_SESSIONS_MAX: u64 = 1_000_000;

/// How far the numbers of key backups go on after a restore: more than anybody made since the backup of the server.
pub const BACKUP_NUMBERS_JUMP: u64 = 1_000;

/// Most versions of a user's backup; the next one is refused until an old one is deleted.
pub const BACKUP_VERSIONS_MAX: usize = 100;

/// How often a write is tried again after it lost a race.
pub const WRITE_TRIES_MAX: usize = 32;

/// Locks that keep writers of one user's backup from spoiling each other's work.
pub const BACKUP_LOCKS: usize = 64;

/// Largest private data of a dehydrated device, in bytes of JSON.
pub const DEHYDRATED_DATA_BYTES_MAX: usize = 65_536;

/// Most messages of one page of a dehydrated device's queue.
pub const DEHYDRATED_EVENTS_PAGE_MAX: usize = 100;
