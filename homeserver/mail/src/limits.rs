//! Every bound of e-mail, by name.

use std::time::Duration;

/// Longest e-mail address in bytes (RFC 5321).
pub const ADDRESS_BYTES_MAX: usize = 254;
/// Longest local part of an address in bytes (RFC 5321).
pub const LOCAL_PART_BYTES_MAX: usize = 64;
/// Connections to the mail server at once.
pub const CONNECTIONS_MAX: u32 = 4;
/// Time for one command of the mail server.
pub const COMMAND_TIME_MAX: Duration = Duration::from_secs(30);
/// Time for handing over one letter, the wait for a connection included.
pub const LETTER_TIME_MAX: Duration = Duration::from_secs(120);
/// Longest subject in characters; the rest is cut.
pub const SUBJECT_CHARACTERS_MAX: usize = 120;
