//! Section `[logging]`.

use serde::{Deserialize, Serialize};

use crate::{
    Problem,
    section::{report, section},
};

/// How a log line looks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum LogFormat {
    /// For a person at a terminal.
    Human,
    /// One JSON object a line, for a log collector.
    Json,
}

section! {
    name = "logging", validate = validate;
    /// Logs, written to standard error.
    pub struct Logging {
        /// "human" or "json".
        pub format: LogFormat = LogFormat::Human,
        /// What is logged: a level (error, warn, info, debug, trace), or levels by part such as
        /// "info,rooms=debug".
        pub filter: String = "info,ruma_state_res=error".to_owned(),
    }
}

fn validate(section: &Logging, problems: &mut Vec<Problem>) {
    if section.filter.trim().is_empty() {
        report(problems, "logging", "filter", "is empty; write \"info\"");
    }
}
