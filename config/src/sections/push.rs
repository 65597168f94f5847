//! Section `[push]`.

use crate::{
    Problem,
    section::{report, section},
};

section! {
    name = "push", validate = validate;
    /// Push notifications. Each app names its own gateway; a gateway inside your network also needs a line
    /// in `outbound.allowed_ranges` or `outbound.allowed_hosts`.
    pub struct Push {
        /// Whether gateways may be spoken to without TLS, for gateways inside your network.
        pub plain_http: bool = false,
        /// Whether gateways may read what was written and by whom. Off, every gateway is told ids and
        /// counts only, and the app asks this server for the rest.
        pub content: bool = true,
        /// Requests to gateways in progress at once.
        pub requests_max: usize = 64,
        /// Requests to one gateway in progress at once.
        pub requests_per_gateway_max: usize = 16,
    }
}

fn validate(section: &Push, problems: &mut Vec<Problem>) {
    for (key, value) in [
        ("requests_max", section.requests_max),
        ("requests_per_gateway_max", section.requests_per_gateway_max),
    ] {
        if !(1..=1_024).contains(&value) {
            report(problems, "push", key, "must be a number from 1 to 1024");
        }
    }
}
