//! Section `[proxies]`.

use super::check_ranges;
use crate::{Problem, section::section};

section! {
    name = "proxies", validate = validate;
    /// Reverse proxies in front of this server.
    pub struct Proxies {
        /// Addresses or ranges whose X-Forwarded-For is believed. Without them everybody behind the
        /// proxy shares one rate limit; with too wide a range anybody may forge an address.
        pub trusted: Vec<String> = vec!["127.0.0.1".to_owned(), "::1".to_owned()],
    }
}

fn validate(section: &Proxies, problems: &mut Vec<Problem>) {
    check_ranges(problems, "proxies", "trusted", &section.trusted);
}
