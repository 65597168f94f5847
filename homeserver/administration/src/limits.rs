//! Every bound of this crate, by name.

/// Longest reason of a report, in bytes.
pub const REASON_BYTES_MAX: usize = 10_000;
/// Longest target or detail in the audit stream, in bytes; longer ones are cut.
pub const AUDIT_TEXT_BYTES_MAX: usize = 1_000;
/// Most entries of the audit stream in one answer.
pub const AUDIT_PAGE_MAX: usize = 1_000;
/// Most reports in one answer.
pub const REPORTS_PAGE_MAX: usize = 1_000;
/// Reports that a list looks at; beyond it, older ones are not counted.
pub const REPORTS_SCAN_MAX: usize = 100_000;
/// Reports read at a time.
pub const REPORTS_READ: usize = 1_000;
/// Tasks that may wait or run.
pub const TASKS_OPEN_MAX: usize = 1_000;
/// Tasks of one subject that a list shows.
pub const TASKS_OF_SUBJECT_MAX: usize = 1_000;
/// How long a finished task is kept, in ms.
pub const TASK_KEPT_MS: u64 = 14 * 24 * 60 * 60 * 1_000;
/// Finished tasks looked at, and dropped, in one step.
pub const TASKS_DROPPED_MAX: usize = 1_000;
/// Most users with a rate limit of their own.
pub const RATE_OVERRIDES_MAX: usize = 10_000;
/// Tries of a conditional write before the caller is told that the row is contended.
pub const WRITE_TRIES_MAX: usize = 16;
