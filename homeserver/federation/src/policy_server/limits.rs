//! Every bound of policy servers, asked and asking, by name.

use std::time::Duration;

/// How long a policy server is waited for, for one event.
pub(super) const QUESTION_TIME_MAX: Duration = Duration::from_secs(5);

/// Longest answer of a policy server, in bytes.
pub(super) const ANSWER_BYTES_MAX: usize = 16 * 1024;

/// How long a policy server that did not answer is not asked again: senders are told at once, and events of other
/// servers do not wait in line behind it.
pub(super) const PAUSE: Duration = Duration::from_secs(15);

/// Policy servers that did not answer and are remembered.
pub(super) const PAUSES_MAX: u64 = 1_000;

/// Judgements that are remembered: an event is often shown by its sender and by those who got it without a signature.
pub(super) const JUDGEMENTS_MAX: u64 = 50_000;

/// Counts of senders and texts that are kept at once.
pub(super) const COUNTS_MAX: u64 = 200_000;

/// How long a count is kept when nothing is added to it; longer than the minute that it counts.
pub(super) const COUNT_AGE: Duration = Duration::from_secs(150);

/// Milliseconds of the stretches of time in which events are counted.
pub(super) const WINDOW_MS: u64 = 60_000;

/// Texts shorter than this many characters may be repeated: greetings and thanks come in waves.
pub(super) const REPEATED_TEXT_CHARACTERS_MIN: usize = 12;
