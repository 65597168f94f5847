//! Section `[appservices]`.

use crate::{
    Problem,
    section::{report, section},
};

section! {
    name = "appservices", validate = validate;
    /// Application services: bridges and bots. Each has a registration, a YAML file as for any other Matrix server.
    /// `lianqiao appservice add FILE` keeps one in the data folder, in `appservices`; they are read again by
    /// `lianqiao appservice reload` or SIGHUP. A file that is wrong is left out and told of in the log.
    pub struct Appservices {
        /// Registration files, and folders whose `.yaml` and `.yml` files are registrations.
        pub registrations: Vec<String> = Vec::new(),
    }
}

fn validate(section: &Appservices, problems: &mut Vec<Problem>) {
    if section.registrations.iter().any(String::is_empty) {
        report(problems, "appservices", "registrations", "must hold paths of files or folders");
    }
}
