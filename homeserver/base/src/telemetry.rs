//! How the process writes its log: for people or as JSON lines, with one filter string.

use std::io::IsTerminal as _;
use std::str::FromStr;

use thiserror::Error;
use tracing_subscriber::EnvFilter;
use tracing_subscriber::fmt;

/// The form of a log line.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum LogFormat {
    /// One readable line per record.
    #[default]
    Human,
    /// One JSON object per record, for a log collector.
    Json,
}

impl FromStr for LogFormat {
    type Err = TelemetryError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "human" => Ok(Self::Human),
            "json" => Ok(Self::Json),
            other => Err(TelemetryError::UnknownFormat(other.to_owned())),
        }
    }
}

/// Why logging could not be set up.
#[derive(Debug, Error)]
pub enum TelemetryError {
    /// The format is neither `human` nor `json`.
    #[error("unknown log format {0:?}: write \"human\" or \"json\"")]
    UnknownFormat(String),
    /// The filter string does not parse.
    #[error("cannot read the log filter {filter:?}: {reason}")]
    BadFilter {
        /// The filter as given.
        filter: String,
        /// What is wrong with it.
        reason: String,
    },
    /// Another subscriber was installed before.
    #[error("logging was already set up in this process")]
    AlreadySet,
}

/// Installs the log writer of the process (to standard error). `filter` has the syntax of `RUST_LOG`, for example
/// `info,rooms=debug`. May be called once.
pub fn start(format: LogFormat, filter: &str) -> Result<(), TelemetryError> {
    let filter = EnvFilter::try_new(filter).map_err(|reason| TelemetryError::BadFilter {
        filter: filter.to_owned(),
        reason: reason.to_string(),
    })?;
    let builder =
        fmt().with_env_filter(filter).with_ansi(std::io::stderr().is_terminal()).with_writer(std::io::stderr);
    match format {
        LogFormat::Human => builder.try_init(),
        LogFormat::Json => builder.json().flatten_event(true).try_init(),
    }
    .map_err(|_| TelemetryError::AlreadySet)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn formats_are_named_by_two_words() {
        assert_eq!("json".parse::<LogFormat>().unwrap(), LogFormat::Json);
        assert_eq!("human".parse::<LogFormat>().unwrap(), LogFormat::Human);
        assert!("xml".parse::<LogFormat>().unwrap_err().to_string().contains("xml"));
    }

    #[test]
    fn a_bad_filter_is_refused_and_a_second_start_too() {
        assert!(matches!(start(LogFormat::Human, "rooms=loud"), Err(TelemetryError::BadFilter { .. })));
        start(LogFormat::Human, "warn").unwrap();
        assert!(matches!(start(LogFormat::Json, "warn"), Err(TelemetryError::AlreadySet)));
    }
}
