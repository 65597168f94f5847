//! The bounds of single sign-on.

/// Longest answer of an identity provider in bytes: its description, keys, tokens, claims.
pub const ANSWER_BYTES_MAX: usize = 512 * 1_024;
/// How long a provider's description and keys are used before they are asked for again.
pub const DESCRIPTION_MS: u64 = 60 * 60 * 1_000;
/// How long a provider that could not be reached is not asked again, so that waiting browsers do not queue up.
pub const FAILURE_MS: u64 = 2_000;
/// Shortest time between two questions for keys because of a token whose key is unknown.
pub const KEYS_ASKED_MS_MIN: u64 = 10_000;
/// How far a provider's clock may be off.
pub const CLOCK_SKEW_MS: u64 = 60 * 1_000;
/// How old a logout token may be.
pub const LOGOUT_TOKEN_AGE_MS_MAX: u64 = 5 * 60 * 1_000;
/// Longest logout token in bytes.
pub const LOGOUT_TOKEN_BYTES_MAX: usize = 4_096;
/// Longest address of a client in bytes.
pub const REDIRECT_URL_BYTES_MAX: usize = 4_096;
/// Longest display name that is taken from claims, in characters.
pub const DISPLAY_NAME_CHARACTERS_MAX: usize = 255;
/// Longest text of a provider's error that is shown, in characters.
pub const ERROR_CHARACTERS_MAX: usize = 300;
/// Tries to find or make the account of a person, when another sign-on of theirs does the same.
pub const ACCOUNT_TRIES_MAX: usize = 5;
