//! The figures that search records. Times are in seconds, as Prometheus wants them.

use metrics::{describe_counter, describe_gauge, describe_histogram};

pub(crate) const QUERY_SECONDS: &str = "search_query_seconds";
pub(crate) const WAIT_SECONDS: &str = "search_index_wait_seconds";
pub(crate) const COMMIT_SECONDS: &str = "search_index_commit_seconds";
pub(crate) const DOCUMENTS: &str = "search_index_documents";
pub(crate) const LAG: &str = "search_index_lag_positions";
pub(crate) const BEHIND: &str = "search_behind_total";

/// Names the figures for the metrics exporter. Call once, after it is installed.
pub fn describe_metrics() {
    describe_histogram!(
        QUERY_SECONDS,
        "Time of one search in the index, without the judgement of its matches"
    );
    describe_histogram!(WAIT_SECONDS, "Time a search waited for the index to be up to date");
    describe_histogram!(COMMIT_SECONDS, "Time of one commit of the index");
    describe_gauge!(DOCUMENTS, "Texts in the index");
    describe_gauge!(LAG, "Positions between the store and the index");
    describe_counter!(BEHIND, "Searches whose index or directory did not reach the present in time");
}
