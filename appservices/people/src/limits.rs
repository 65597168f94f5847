//! Every bound of this crate, with its unit in the name.

/// Largest staff list. Ten thousand people with all columns fit, and in UTF-8 it fits into one row of the store.
pub const STAFF_LIST_BYTES_MAX: usize = 4 * 1024 * 1024;

/// Most rows of a staff list.
pub const STAFF_LIST_ROWS_MAX: usize = 20_000;

/// Longest text in one cell, in bytes.
pub const CELL_BYTES_MAX: usize = 1_000;

/// Most columns of a staff list.
pub const COLUMNS_MAX: usize = 64;

/// Deepest department: names in its path.
pub const DEPARTMENT_DEPTH_MAX: usize = 16;

/// Most departments or roles of one person.
pub const ENTRIES_OF_PERSON_MAX: usize = 32;

/// Errors that a dry run lists; it counts the rest.
pub const ERRORS_LISTED_MAX: usize = 100;

/// Changes that a dry run lists; it counts the rest.
pub const CHANGES_LISTED_MAX: usize = 20;

/// How long the result of a dry run can be applied.
pub const DRY_RUN_KEPT_MS: u64 = 24 * 60 * 60 * 1_000;

/// Dry runs that wait to be applied; older ones make room.
pub const DRY_RUNS_MAX: usize = 8;

/// Percent of people beyond which a full list needs a second administrator.
pub const LEAVERS_PERCENT_MAX: usize = 5;

/// How often a plan is looked through for ids at other platforms that two people would have; each refused row may bring up one more.
pub(crate) const SHARED_PASSES_MAX: usize = 8;

/// Rows read from the store at once.
pub(crate) const PAGE_ROWS_MAX: usize = 5_000;
