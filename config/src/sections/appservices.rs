//! Section `[appservices]`.

use crate::{
    Problem,
    section::{report, section},
};

/// As many as one transaction takes.
const QUEUE_ROWS_MIN: usize = 100;

section! {
    name = "appservices", validate = validate;
    /// Application services: bridges and bots. Each has a registration, a YAML file as for any other Matrix server.
    /// `lianqiao appservice add FILE` keeps one in the data folder, in `appservices`; they are read again by
    /// `lianqiao appservice reload` or SIGHUP. A file that is wrong is left out and told of in the log.
    pub struct Appservices {
        /// Registration files, and folders whose `.yaml` and `.yml` files are registrations.
        pub registrations: Vec<String> = Vec::new(),
        /// Whether a service is asked for encryption keys of the users in its exclusive namespaces when this server has
        /// none (MSC3983 and MSC3984, unfinished proposals), for services that keep such keys themselves. Whoever wants
        /// the keys waits for the answer, five seconds at most.
        pub asks_for_keys: bool = false,
        /// How many events may wait for one service that is down or slow; each takes some fifty bytes on the disk. By a further one
        /// the oldest goes: the service never hears of it, and `lianqiao appservice list` says so. At least 100.
        pub queue_rows_max: usize = 10_000_000,
    }
}

fn validate(section: &Appservices, problems: &mut Vec<Problem>) {
    if section.registrations.iter().any(String::is_empty) {
        report(problems, "appservices", "registrations", "must hold paths of files or folders");
    }
    if section.queue_rows_max < QUEUE_ROWS_MIN {
        report(problems, "appservices", "queue_rows_max", format!("must be at least {QUEUE_ROWS_MIN}"));
    }
}
