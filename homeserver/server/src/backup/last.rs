//! When the last backup was whole: a small file in the data folder, which the metrics tell of.

use std::{fs, path::Path};

use serde::{Deserialize, Serialize};

/// Name of the file.
pub(super) const NAME: &str = "last_backup.json";

/// The gauge: seconds since 1970, nothing before the first backup.
const GAUGE: &str = "backup_last_ok";

#[derive(Serialize, Deserialize)]
struct Last {
    made_ms: u64,
}

/// Notes a backup that is whole.
pub(super) fn note(data: &Path, made_ms: u64) -> std::io::Result<()> {
    let text = serde_json::to_string(&Last { made_ms })?;
    let unfinished = data.join(format!("{NAME}.new"));
    fs::write(&unfinished, text)?;
    fs::rename(unfinished, data.join(NAME))
}

/// Names the figure for the metrics exporter. Call once, after it is installed.
pub(crate) fn describe_metrics() {
    metrics::describe_gauge!(GAUGE, "When the last backup that is whole was begun, in seconds since 1970");
}

/// Records the gauge of the last backup; call it when metrics are collected.
pub(crate) fn record(data: &Path) {
    let last = fs::read(data.join(NAME)).ok().and_then(|text| serde_json::from_slice::<Last>(&text).ok());
    if let Some(last) = last {
        metrics::gauge!(GAUGE).set((last.made_ms / 1_000) as f64);
    }
}
