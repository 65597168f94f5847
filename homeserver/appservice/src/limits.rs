//! Every bound of this crate, by name.

use std::time::Duration;

/// Registrations that are loaded; further files are refused.
pub const SERVICES_MAX: usize = 256;
/// Files that one folder of registrations may hold; more are not looked at.
pub const FILES_PER_FOLDER_MAX: usize = 1_024;
/// Largest registration file in bytes.
pub const REGISTRATION_BYTES_MAX: usize = 256 * 1_024;
/// Patterns of one kind in one registration.
pub const NAMESPACES_MAX: usize = 256;
/// Longest pattern in bytes.
pub const PATTERN_BYTES_MAX: usize = 4 * 1_024;
/// Memory of one compiled pattern in bytes.
pub const PATTERN_COMPILED_BYTES_MAX: usize = 1_024 * 1_024;
/// Memory of the automaton of one exclusive pattern in bytes; larger ones are compared by their texts alone.
pub const AUTOMATON_BYTES_MAX: usize = 512 * 1_024;
/// Places that are looked at to find an id that two exclusive patterns both match.
pub const OVERLAP_STATES_MAX: usize = 50_000;
/// Places that are looked at in one reading of all registrations: about a second.
pub const OVERLAP_STATES_ALL_MAX: usize = 1_000_000;
/// Pairs of patterns that one reading names in the log because it does not know whether they overlap.
pub const OVERLAPS_TOLD_MAX: usize = 10;
/// Longest id of a registration in bytes.
pub const ID_BYTES_MAX: usize = 255;
/// Longest token in bytes.
pub const TOKEN_BYTES_MAX: usize = 4 * 1_024;
/// Protocols that one registration may name.
pub const PROTOCOLS_MAX: usize = 100;

/// Types of account data that one registration may name.
pub const ACCOUNT_DATA_TYPES_MAX: usize = 16;

/// Time for one question about a user, an alias or a third-party network, for which a person waits.
pub const QUESTION_TIME_MAX: Duration = Duration::from_secs(5);
/// Time for one ping.
pub const PING_TIME_MAX: Duration = Duration::from_secs(10);
/// Time for one transaction.
pub const TRANSACTION_TIME_MAX: Duration = Duration::from_secs(60);
/// Bytes of an answer that are read.
pub const ANSWER_BYTES_MAX: usize = 1_024 * 1_024;
/// Bytes of an answer that an error repeats.
pub const ERROR_BODY_BYTES_MAX: usize = 1_024;
/// How long a no is remembered.
pub const NO_REMEMBERED: Duration = Duration::from_secs(30);
/// Noes that are remembered.
pub const NOES_REMEMBERED_MAX: usize = 10_000;
/// Results that one service may give to one third-party look-up.
pub const THIRD_PARTY_RESULTS_MAX: usize = 100;
