//! Every bound of this crate, with its unit in the name.

/// Longest data of one case, in bytes of JSON.
pub const CASE_DATA_BYTES_MAX: usize = 1024 * 1024;

/// Most records of one case. A case that has them takes no action any more.
pub const RECORDS_OF_CASE_MAX: u64 = 5_000;

/// Most records that one action may write.
pub const RECORDS_OF_ACTION_MAX: usize = 500;

/// Most cases of one list that are read at once.
pub const LISTED_MAX: usize = 200;

/// Most cases that one event is told to be behind.
pub const CASES_OF_SOURCE_MAX: usize = 32;

/// Longest line of an export: a case with its records and texts.
pub const EXPORT_LINE_BYTES_MAX: usize = 32 * 1024 * 1024;

/// Most levels of arrays and objects in a line of an export.
pub const EXPORT_NESTING_MAX: usize = 32;

/// How often the key that signs records is replaced.
pub const HANDOVERS_MAX: usize = 100;

/// Most cases a day that share a prefix; four digits are shown, more when there are more.
pub const NUMBERS_OF_DAY_MAX: u32 = 999_999;
