//! Every bound of this crate, with its unit in the name.

/// Largest calendar file, in bytes. A hundred years of holidays fit.
pub const FILE_BYTES_MAX: usize = 512 * 1024;

/// Most days of one calendar file.
pub const FILE_DAYS_MAX: usize = 10_000;

/// Most years of which days are kept.
pub const YEARS_MAX: usize = 200;

/// Longest name of a holiday, in characters.
pub const NAME_CHARACTERS_MAX: usize = 60;

/// Problems of a file that are listed; the rest is counted.
pub const PROBLEMS_LISTED_MAX: usize = 20;

/// How far a working day is looked for, in days. A calendar that has a year off in it is a mistake.
pub const LOOK_AHEAD_DAYS_MAX: usize = 366;

/// Longest duration that is read, in milliseconds: two years.
pub const DURATION_MS_MAX: u64 = 2 * 366 * 24 * 60 * 60 * 1_000;

/// Most words that one moment is made of: `next mon at 10:00 pm` and the like.
pub const WORDS_OF_MOMENT_MAX: usize = 4;
