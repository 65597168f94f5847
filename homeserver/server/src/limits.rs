//! Every bound of the process, by name.

use std::time::Duration;

/// Largest request line on the administration socket, in bytes.
pub const ADMINISTRATION_LINE_BYTES_MAX: u64 = 1024 * 1024;

/// Largest request line on the socket of the bots: a staff list as JSON text, in bytes.
pub const STAFF_ORDER_BYTES_MAX: u64 = 9 * 1024 * 1024;

/// Most links of first logins that one order gives; the command line asks again for more.
pub const LINKS_OF_ORDER_MAX: usize = kit::FIRST_LOGINS_MAX;

/// How often one order waits for letters: for links of a whole request and of a smaller one behind it, and in each once more for
/// those whose links nobody was shown.
const WAITS_OF_ORDER_MAX: u128 = 4;

/// Most cases in one file of `lianqiao export`.
pub const EXPORT_CASES_MAX: usize = 1_000;

/// How often the command line looks again for a program that is just starting: it has its database and does not answer yet.
pub const STARTING_LOOKS_MAX: u32 = 20;

/// Pause between these looks.
pub const STARTING_LOOK_INTERVAL: Duration = Duration::from_millis(250);

/// Longest wait for an answer on the administration socket, in milliseconds.
pub const ADMINISTRATION_TIMEOUT_MS: u64 = 30_000;
// Else the links whose letters a mail server does not take would be made and never be printed.
const _: () =
    assert!(WAITS_OF_ORDER_MAX * flows::LETTER_AWAITED_MAX.as_millis() < ADMINISTRATION_TIMEOUT_MS as u128);

/// Accounts listed in one answer of the administration socket.
pub const USERS_LISTED_MAX: usize = 1_000;

/// Largest request line on the socket that copies of a database are asked for over, in bytes.
pub const CHECKPOINT_LINE_BYTES_MAX: u64 = 1024;

/// Bytes read at once while a backup is summed up.
pub const BACKUP_READ_BYTES: usize = 256 * 1024;

/// Folders below each other in a backup.
pub const BACKUP_FOLDERS_DEEP_MAX: usize = 32;

/// Largest manifest of a backup, in bytes: some million files.
pub const BACKUP_MANIFEST_BYTES_MAX: u64 = 1024 * 1024 * 1024;

/// Faults of a backup that are named one by one.
pub const BACKUP_FAULTS_SAID_MAX: usize = 20;

/// Streams at once on one HTTP/2 connection.
pub const HTTP2_STREAMS_MAX: u32 = 200;

/// Largest head of an HTTP/1 request, in bytes.
pub const HTTP1_HEAD_BYTES_MAX: usize = 64 * 1024;

/// Longest TLS handshake, in milliseconds.
pub const TLS_HANDSHAKE_TIMEOUT_MS: u64 = 10_000;

/// Pause after the system refused a connection, for example for want of file descriptors, in ms.
pub const ACCEPT_PAUSE_MS: u64 = 100;

/// Pause before a connection is looked at again whose first bytes came one by one, in milliseconds.
pub const FIRST_BYTES_PAUSE_MS: u64 = 20;

/// Period of the metrics recorder's own housekeeping, in milliseconds.
pub const METRICS_UPKEEP_MS: u64 = 5_000;

/// Stack of a worker thread, in bytes. Deep recursion is refused at the edge, so little is needed.
pub const WORKER_STACK_BYTES: usize = 2 * 1024 * 1024;

/// Free space below which `doctor` warns, in mebibytes.
pub const DISK_FREE_MEBIBYTES_MIN: u64 = 1_024;

/// Writes synced by `doctor` to measure the disk.
pub const DOCTOR_SYNCS: u32 = 50;

/// Pause between two rounds of housekeeping. What they forget is a day old, so an hour more is little.
pub const HOUSEKEEPING_INTERVAL: Duration = Duration::from_secs(60 * 60);

/// Pause between two looks at visits whose time is over.
pub const VISITS_INTERVAL: Duration = Duration::from_secs(30);

/// Memory for cached blocks of the bots' database.
pub const BOTS_CACHE_BYTES: usize = 4 * 1024 * 1024;

/// Memory for rows of the bots' database that are in no table file yet.
pub const BOTS_WRITE_BUFFER_BYTES: usize = 2 * 1024 * 1024;

/// Files of the bots' database that are kept open.
pub const BOTS_FILES_MAX: i32 = 64;

/// Largest secret that a command reads from a file, in bytes.
pub const SECRET_BYTES_MAX: u64 = 4 * 1024;

/// Largest request line on the socket of the bridges, in bytes.
pub const BRIDGE_ORDER_BYTES_MAX: u64 = 16 * 1024;

/// Connections to the bots; the homeserver needs one or two.
pub const BOTS_CONNECTIONS_MAX: usize = 16;

/// Connections to bridges that run alone: the homeserver's, those of platforms, and of people who open links to files.
pub const BRIDGES_CONNECTIONS_MAX: usize = 128;

/// Largest question of bridges in a process of their own to the house, in bytes: a letter, or the colleagues of a room.
pub const HOUSE_BODY_BYTES_MAX: usize = 1024 * 1024;

/// Largest answer to one, in bytes: the staff list.
pub const HOUSE_ANSWER_BYTES_MAX: usize = 64 * 1024 * 1024;

/// Longest time for one, unless it asks for a letter.
pub const HOUSE_TIME_MAX: Duration = Duration::from_secs(20);

/// Longest time for one that asks for a letter.
pub const HOUSE_LETTER_TIME_MAX: Duration = Duration::from_secs(150);
// Else a letter that a slow mail server takes in the end would count as one that failed, and go again.
const _: () = assert!(mail::limits::LETTER_TIME_MAX.as_millis() < HOUSE_LETTER_TIME_MAX.as_millis());

/// How often such bridges look whether the staff list is another one.
pub const STAFF_INTERVAL: Duration = Duration::from_secs(5);

/// How soon they look again when it could not be had.
pub const STAFF_PAUSE: Duration = Duration::from_secs(2);
