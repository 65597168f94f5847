//! Every bound of a request to the outside, by name.

use std::time::Duration;

/// Longest URL that is asked for, in bytes.
pub const URL_BYTES_MAX: usize = 8 * 1024;

/// Addresses of one name that are looked at; the rest is ignored.
pub const ADDRESSES_MAX: usize = 32;

/// Longest time that looking up a name may take.
pub const LOOKUP_TIME_MAX: Duration = Duration::from_secs(10);

/// Longest time that a connection with its TLS handshake may take.
pub const CONNECT_TIME_MAX: Duration = Duration::from_secs(10);

/// Connections kept open to one host when nobody uses them.
pub const IDLE_CONNECTIONS_MAX: usize = 2;

/// How long a connection that nobody uses is kept.
pub const IDLE_TIME_MAX: Duration = Duration::from_secs(30);

/// Header lines that an answer may have.
pub const HEADERS_MAX: usize = 128;

/// Redirects followed when a caller asks for more.
pub const REDIRECTS_MAX: usize = 10;

/// Requests to the outside in progress at once; the next one waits, within its own time.
pub const REQUESTS_MAX: usize = 512;
