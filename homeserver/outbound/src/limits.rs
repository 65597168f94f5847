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

/// Longest time that looking up the records of a service may take.
pub const SERVICE_LOOKUP_TIME_MAX: Duration = Duration::from_secs(5);

/// Records of one service that are looked at; the rest is ignored.
pub const SERVICES_MAX: usize = 16;

/// Clients kept for requests that go to another host than their URL names; when there are more, all begin anew.
pub const ROUTED_CLIENTS_MAX: usize = 256;

/// Requests to the outside in progress at once; the next one waits, within its own time.
pub const REQUESTS_MAX: usize = 512;
