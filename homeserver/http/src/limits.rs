//! Every bound of the wire, by name.

/// Largest JSON body of a client request, in bytes. Larger than any event by far, because uploads of
/// room keys and to-device messages carry many items in one request.
pub const JSON_BODY_BYTES_MAX: usize = 4 * 1024 * 1024;

/// Largest JSON body of a request of another server, in bytes: 50 events and 100 ephemeral ones of full size.
pub const FEDERATION_BODY_BYTES_MAX: usize = 12 * 1024 * 1024;

/// Servers that an answer about an alias names.
pub const ALIAS_SERVERS_MAX: usize = 50;

/// Longest moment in a question about somebody's time, in bytes.
pub const MOMENT_BYTES_MAX: usize = 64;

/// Servers whose keys may be asked for in one request.
pub const KEY_QUERY_SERVERS_MAX: usize = 200;

/// Invites that an identity server may hand over with one address.
pub const BOUND_INVITES_MAX: usize = 20;

/// Bytes beyond a body's limit that are read and thrown away, so that the client hears why it is refused.
pub const DISCARDED_BYTES_MAX: usize = 32 * 1024 * 1024;

/// Deepest nesting of arrays and objects in a request body. Parsers recurse, so depth is stack.
pub const JSON_DEPTH_MAX: usize = 100;

/// Longest time a client may take to deliver its whole body, in milliseconds, when the operator does not say; and the
/// longest silence in the middle of an upload of media.
pub const BODY_TIMEOUT_MS_MAX: u64 = 30_000;

/// Longest request target, in bytes, counted before it is parsed.
pub const URI_BYTES_MAX: usize = 16 * 1024;

/// Longest `X-Request-Id` that is taken over from a proxy, in bytes.
pub const REQUEST_ID_BYTES_MAX: usize = 64;

/// Longest access token that is looked up, in bytes.
pub const TOKEN_BYTES_MAX: usize = 512;

/// Longest `User-Agent` that is kept, in bytes.
pub const USER_AGENT_BYTES_MAX: usize = 256;

/// Subjects (users or addresses) remembered for each rate-limited action. When a table is full and
/// nothing in it is stale, newcomers share one bucket, so that memory stays bounded under a flood.
pub const RATE_LIMIT_SUBJECTS_MAX: usize = 50_000;

/// Requests between two sweeps of stale subjects out of a rate-limit table.
pub const RATE_LIMIT_SWEEP_REQUESTS: u64 = 10_000;

/// Smallest answer that is compressed, in bytes; below it the header costs more than is saved.
pub const COMPRESS_BYTES_MIN: u64 = 1024;

/// Longest time that an upload of media may take, in milliseconds; 100 MiB over a slow line fit in.
pub const UPLOAD_TIMEOUT_MS_MAX: u64 = 60 * 60 * 1000;

/// How long a client may show media that it has without asking again, in seconds. Long enough to save
/// most requests, short enough that what was quarantined goes away.
pub const MEDIA_CACHE_SECONDS: u64 = 24 * 60 * 60;

/// Administrators remembered as exempt from rate limits; further ones are limited like everybody.
pub const RATE_LIMIT_ADMINISTRATORS_MAX: usize = 1_000;

/// Entries in one page of an administrator's list.
pub const ADMIN_PAGE_MAX: usize = 1_000;

/// Entries in a page of an administrator's list when the request names no limit.
pub const ADMIN_PAGE_DEFAULT: usize = 100;

/// Rendezvous mailboxes at a time; a further one is refused.
pub const RENDEZVOUS_MAX: usize = 10_000;

/// Largest payload of a rendezvous, in bytes.
pub const RENDEZVOUS_BYTES_MAX: usize = 4_096;

/// How long a rendezvous lasts, in milliseconds: time enough to point a camera and to confirm.
pub const RENDEZVOUS_LIFE_MS: u64 = 300_000;

/// Rooms in one page of what an application service lists for a network.
pub const NETWORK_ROOMS_PER_PAGE_MAX: usize = 100;

/// People who get the link of their first login by one request; letters to all of them are on their way at once.
pub const FIRST_LOGINS_MAX: usize = 20;

/// People of whom one request says that they are away, have left, or are here again.
pub const STANDINGS_MAX: usize = 20;

/// People of whom one leads the rooms of somebody who left.
pub const FOLLOWERS_MAX: usize = 16;

/// Longest time for which a visitor is asked in, in milliseconds: a meeting may be booked a year ahead.
pub const VISIT_MS_MAX: u64 = 400 * 24 * 60 * 60 * 1_000;
