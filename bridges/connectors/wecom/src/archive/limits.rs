//! Every bound of the archive, by name. Numbers of the platform's own are said to be so.

use std::time::Duration;

/// Entries of one page. The platform gives a thousand; fewer keep a page small and are handed over at once.
pub const ENTRIES_MAX: u32 = 200;

/// Pause between two looks for news while there is none.
pub const POLL_PAUSE: Duration = Duration::from_secs(3);

/// First pause after a look that failed; it doubles.
pub const FAILED_PAUSE_MIN: Duration = Duration::from_secs(1);

/// Longest pause after looks that failed.
pub const FAILED_PAUSE_MAX: Duration = Duration::from_secs(120);

/// Pause after a look that failed because of the settings: nothing but an operator mends them.
pub const MISCONFIGURED_PAUSE: Duration = Duration::from_secs(300);

/// How often an entry that the library cannot decrypt is tried before it is left out.
pub const DECRYPT_TRIES_MAX: u32 = 3;

/// How far the archive may lag behind before operators are told; the platform keeps five days.
pub const LAG_TOLD_AFTER: Duration = Duration::from_secs(6 * 3_600);

/// How long the place up to which the archive was read is kept.
pub const PLACE_KEPT_MS: u64 = 400 * 24 * 3_600_000;

/// Longest time that starting the helper and signing in may take.
pub const START_TIME_MAX: Duration = Duration::from_secs(20);

/// Time that the library itself is given for one call, in seconds.
pub const LIBRARY_SECONDS: u64 = 30;

/// Longest time that one call of the helper may take; beyond it the helper is killed.
pub const CALL_TIME_MAX: Duration = Duration::from_secs(45);

/// First pause before a helper that ended is started again; it doubles.
pub const RESTART_PAUSE_MIN: Duration = Duration::from_millis(500);

/// Longest pause before a helper is started again.
pub const RESTART_PAUSE_MAX: Duration = Duration::from_secs(60);

/// Longest frame to the helper or from it, in bytes; the helper has the same bound.
pub const FRAME_BYTES_MAX: usize = 32 * 1024 * 1024;

/// Fields of one frame.
pub const FRAME_FIELDS_MAX: usize = 8;

/// Bytes of one piece of a file; the library gives 512 KiB.
pub const PIECE_BYTES_MAX: usize = 4 * 1024 * 1024;

/// Pieces of one file, so that one whose end the library never says ends.
pub const PIECES_MAX: usize = 4_096;

/// How long the library's id of a file is kept, the platform's own.
pub const FILE_KEPT_MS: u64 = 5 * 24 * 3_600_000;

/// Longest id of a file that is kept, in bytes.
pub const FILE_ID_BYTES_MAX: usize = 8 * 1024;

/// Smallest key that is taken, in bits; the platform makes people use 2048.
pub const KEY_BITS_MIN: usize = 2_048;

/// Characters of one line of a record of a chat, a vote, a form.
pub const LINE_CHARACTERS_MAX: usize = 2_000;

/// Lines of such a thing.
pub const LINES_MAX: usize = 200;

/// Records within records that are read.
pub const RECORD_DEPTH_MAX: usize = 3;

/// How long a group's name and its consents are taken for fresh.
pub const ROOM_FRESH_FOR: Duration = Duration::from_secs(3_600);

/// Groups and robots that are remembered at once.
pub const REMEMBERED_MAX: usize = 8_192;

/// Longest time that looking a group, a customer or a robot up may hold up a page.
pub const LOOKED_UP_WITHIN: Duration = Duration::from_millis(800);

/// How far the times may lie apart at which two ways bring the same words, in milliseconds.
pub const TWINS_WITHIN_MS: u64 = 120_000;

/// How long words are kept that another way may bring as well: the archive may be that late.
pub const TWINS_KEPT_MS: u64 = 5 * 24 * 3_600_000;

/// Times that the same words of one person are remembered in one conversation.
pub const TWINS_MAX: usize = 16;
