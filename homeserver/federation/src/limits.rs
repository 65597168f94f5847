//! Every bound of federation, by name.

use std::time::Duration;

/// Longest time that a request to another server may take when its caller does not say.
pub const REQUEST_TIME_MAX: Duration = Duration::from_secs(30);

/// Longest answer of another server when its caller does not say, in bytes.
pub const ANSWER_BYTES_MAX: usize = 16 * 1024 * 1024;

/// Longest time that a transaction may take: the other side may be busy with it.
pub const TRANSACTION_TIME_MAX: Duration = Duration::from_secs(60);

/// Ways to one server (service records) that a request tries.
pub const ROUTES_MAX: usize = 3;

/// Longest well-known document, in bytes.
pub const WELL_KNOWN_BYTES_MAX: usize = 50 * 1024;

/// Longest time that asking for a well-known document may take.
pub const WELL_KNOWN_TIME_MAX: Duration = Duration::from_secs(10);

/// Redirects followed for a well-known document.
pub const WELL_KNOWN_REDIRECTS_MAX: usize = 5;

/// How long a well-known document is believed when it does not say.
pub const WELL_KNOWN_AGE_DEFAULT: Duration = Duration::from_secs(24 * 60 * 60);

/// Shortest and longest time that a well-known document is believed, whatever it says.
pub const WELL_KNOWN_AGE_MIN: Duration = Duration::from_secs(5 * 60);

/// See [`WELL_KNOWN_AGE_MIN`].
pub const WELL_KNOWN_AGE_MAX: Duration = Duration::from_secs(48 * 60 * 60);

/// How long it is remembered that a server has no well-known document.
pub const WELL_KNOWN_MISSING_AGE: Duration = Duration::from_secs(60 * 60);

/// Servers whose address is remembered.
pub const DESTINATIONS_CACHED_MAX: u64 = 10_000;

/// Servers of which it is remembered when their keys were asked for.
pub const KEY_RING_SERVERS_MAX: u64 = 10_000;

/// Memory for keys of servers, in bytes.
pub const KEY_RING_BYTES_MAX: u64 = 32 * 1024 * 1024;

/// Longest answer with the keys of a server, in bytes; it is kept as it came.
pub const KEYS_ANSWER_BYTES_MAX: usize = 64 * 1024;

/// Longest time that asking for the keys of a server may take.
pub const KEYS_TIME_MAX: Duration = Duration::from_secs(15);

/// Keys of one server that are kept, old ones included.
pub const KEYS_PER_SERVER_MAX: usize = 64;

/// A server's keys are believed for at most this long ahead, in milliseconds, whatever the server says.
pub const KEY_VALIDITY_MS_MAX: u64 = 7 * 24 * 60 * 60 * 1000;

/// How long our own keys are said to be valid, in milliseconds; others ask again after it.
pub const OWN_KEY_VALIDITY_MS: u64 = 24 * 60 * 60 * 1000;

/// Shortest time between two questions to one server for its keys, in milliseconds.
pub const KEYS_PAUSE_MS: u64 = 30 * 1000;

/// How long a server that does not tell its keys counts as one that will: what only its keys can prove is waited for. In
/// milliseconds.
pub const KEYS_PATIENCE_MS: u64 = 2 * 60 * 1000;

/// Servers that one question for keys, ours or to our notary, may name.
pub const KEY_QUERY_SERVERS_MAX: usize = 200;

/// Servers that are asked at once for their keys on behalf of one question.
pub const KEY_QUERIES_AT_ONCE: usize = 16;

/// Servers that are asked at once for the keys that prove the events of one answer.
pub const KEYS_LEARNT_AT_ONCE: usize = 64;

/// Servers that are asked at most for the keys that prove what one join, or one try to complete a room, is told.
pub const KEYS_LEARNT_SERVERS_MAX: usize = 10_000;

/// Longest time that the keys which prove the events of one answer are asked for: whoever joins waits for them.
pub const KEYS_LEARNT_TIME_MAX: Duration = Duration::from_secs(30);

/// Servers that could not be reached and are remembered.
pub const DOWN_SERVERS_MAX: usize = 20_000;

/// The first pause after a server could not be reached, in milliseconds; it doubles.
pub const PAUSE_MS_MIN: u64 = 1_000;

/// The longest pause, in milliseconds.
pub const PAUSE_MS_MAX: u64 = 6 * 60 * 60 * 1000;

/// Requests of one other server in progress at once; more wait, and then are refused.
pub const REQUESTS_PER_PEER_MAX: usize = 64;

/// Requests from one address whose signature is not checked yet; more wait, and then are refused. Anybody may write
/// any name into them, so they take nobody's place among [`REQUESTS_PER_PEER_MAX`].
pub const REQUESTS_UNVERIFIED_MAX: usize = 256;

/// How long a request of another server waits for its turn.
pub const TURN_TIME_MAX: Duration = Duration::from_secs(20);

/// Other servers whose requests are counted at once.
pub const PEERS_COUNTED_MAX: u64 = 50_000;

/// Rules about peers that the operator may write.
pub const PEER_RULES_MAX: usize = 1_000;

/// Longest time that a question about one user or alias may take.
pub const QUERY_TIME_MAX: Duration = Duration::from_secs(15);

/// Longest profile of a user of another server, in bytes.
pub const PROFILE_ANSWER_BYTES_MAX: usize = 256 * 1024;

/// Longest time that a question about somebody's time may take.
pub const AVAILABILITY_TIME_MAX: Duration = Duration::from_secs(4);

/// Longest answer about somebody's time, in bytes: some thousand intervals.
pub const AVAILABILITY_ANSWER_BYTES_MAX: usize = 1024 * 1024;

/// Servers taken over from an answer about an alias.
pub const ALIAS_SERVERS_MAX: usize = 50;

/// Longest time that a page of a directory or a level of a space may take.
pub const DIRECTORY_TIME_MAX: Duration = Duration::from_secs(20);

/// Longest time that asking for keys of users may take; clients wait for it before they send.
pub const KEYS_OF_USERS_TIME_MAX: Duration = Duration::from_secs(10);

/// Servers that are asked at once for keys of users.
pub const SERVERS_ASKED_AT_ONCE: usize = 50;

/// Servers that are asked for one space.
pub const SPACE_SERVERS_ASKED_MAX: usize = 5;

/// Longest page of a directory, in bytes.
pub const DIRECTORY_ANSWER_BYTES_MAX: usize = 4 * 1024 * 1024;

/// Longest answer about one space, in bytes.
pub const SPACE_ANSWER_BYTES_MAX: usize = 1024 * 1024;

/// Spaces of other servers that are remembered; with [`SPACE_ANSWER_BYTES_MAX`] it bounds their memory.
pub const SPACES_CACHED_MAX: u64 = 100;

/// How long a space of another server is remembered.
pub const SPACES_CACHED_AGE: Duration = Duration::from_secs(5 * 60);

/// Longest time that fetching content of another server may take.
pub const MEDIA_TIME_MAX: Duration = Duration::from_secs(10 * 60);

/// Redirects followed to content that lies on another host.
pub const MEDIA_REDIRECTS_MAX: usize = 3;

/// Longest head of an answer with content, in bytes: what stands before the content.
pub const MULTIPART_HEAD_BYTES_MAX: usize = 64 * 1024;

/// Lists of devices that are fetched at once in the background.
pub const LISTS_FETCHED_AT_ONCE: usize = 16;

/// Lists of devices that wait in memory to be fetched; further ones are fetched when somebody asks for them.
pub const LISTS_WAITING_MAX: usize = 20_000;

/// Lists of devices that one question of a client has fetched whole from one server; the keys of further users are asked
/// for together, and their lists are fetched in the background.
pub const LISTS_PER_QUESTION_MAX: usize = 10;

/// How long those who fetch lists sleep at most.
pub const LISTS_NAP_MAX: Duration = Duration::from_secs(60);

/// The first pause after a list could not be fetched, in milliseconds; it doubles.
pub const LIST_PAUSE_MS_MIN: u64 = 2_000;

/// The longest pause between two tries to fetch a list, in milliseconds.
pub const LIST_PAUSE_MS_MAX: u64 = 30 * 60 * 1000;

/// Failures after which a list is left until somebody asks for it: about half a day.
pub const LIST_FAILURES_MAX: u32 = 32;

/// Tries to write a list down, each against somebody who changes it at the same moment.
pub const LIST_TRIES_MAX: u32 = 16;

/// Lists that are marked stale in one batch.
pub const LISTS_MARKED_PER_BATCH_MAX: usize = 5_000;

/// Local members of a room that are looked at to find one who was there before.
pub const LOCALS_EXAMINED_MAX: usize = 16;

/// Changes that an announcement may name as the ones before it.
pub const PREVIOUS_CHANGES_MAX: usize = 20;
