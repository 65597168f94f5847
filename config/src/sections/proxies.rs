//! Section `[proxies]`.

use std::net::IpAddr;

use crate::{
    Problem,
    section::{report, section},
};

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
    for range in &section.trusted {
        let (address, length) = range.split_once('/').unwrap_or((range, "0"));
        let widest = address.parse::<IpAddr>().map(|address| if address.is_ipv4() { 32 } else { 128 });
        let good = widest.is_ok_and(|widest: u8| length.parse::<u8>().is_ok_and(|length| length <= widest));
        if !good {
            let advice = format!("`{range}` is no range; write for example \"10.0.0.0/8\" or \"::1\"");
            report(problems, "proxies", "trusted", advice);
        }
    }
}
