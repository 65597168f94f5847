//! Section `[metrics]`.

use crate::{Problem, section::section};

section! {
    name = "metrics", validate = validate;
    /// Figures for Prometheus, at /metrics of listeners.private.
    pub struct Metrics {
        /// Whether figures are collected.
        pub enabled: bool = true,
    }
}

fn validate(_: &Metrics, _: &mut Vec<Problem>) {}
