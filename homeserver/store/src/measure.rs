//! The figures the store records. Times are in seconds, as Prometheus wants them.

use metrics::{describe_counter, describe_gauge, describe_histogram};

pub(crate) const COMMIT_SECONDS: &str = "store_commit_seconds";
pub(crate) const WRITE_SECONDS: &str = "store_write_seconds";
pub(crate) const GROUP_BATCHES: &str = "store_group_batches";
pub(crate) const FRONTIER_LAG_SECONDS: &str = "store_frontier_lag_seconds";
pub(crate) const FRONTIER: &str = "store_frontier_position";
pub(crate) const CONFLICTS: &str = "store_conflicts_total";
pub(crate) const FAILURES: &str = "store_failed_writes_total";

/// Names the figures for the metrics exporter. Call once, after it is installed.
pub fn describe_metrics() {
    describe_histogram!(COMMIT_SECONDS, "Time from queueing a commit to its answer");
    describe_histogram!(WRITE_SECONDS, "Time of one group write with its sync");
    describe_histogram!(GROUP_BATCHES, "Batches served by one write");
    describe_gauge!(FRONTIER_LAG_SECONDS, "Age of the oldest commit that is not visible yet");
    describe_gauge!(FRONTIER, "Highest position that readers may see");
    describe_counter!(CONFLICTS, "Commits refused by a condition");
    describe_counter!(FAILURES, "Group writes that failed");
}
