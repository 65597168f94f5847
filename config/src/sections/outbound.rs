//! Section `[outbound]`.

use super::check_ranges;
use crate::{
    Problem,
    section::{report, section},
};

section! {
    name = "outbound", validate = validate;
    /// Connections to addresses that users and other servers name: push gateways, URL previews. Only the
    /// public internet is connected to; private, loopback and link-local addresses are refused, also after
    /// a redirect. Open here what your own services need.
    pub struct Outbound {
        /// Private addresses and ranges that may be connected to, for example "10.20.0.0/16".
        pub allowed_ranges: Vec<String> = Vec::new(),
        /// Host names that may be connected to whatever their address is. "*.example.org" stands for
        /// every name below that domain.
        pub allowed_hosts: Vec<String> = Vec::new(),
        /// Public addresses and ranges that must not be connected to, for example your own public ones.
        /// allowed_ranges and allowed_hosts win over them.
        pub blocked_ranges: Vec<String> = Vec::new(),
        /// PEM file with certificates of authorities that are trusted beside those of the system.
        pub authorities_file: Option<String> = None => "\"/etc/lianqiao/internal-authorities.pem\"",
        /// HTTP proxy for everything but allowed_ranges and allowed_hosts. A name that this machine
        /// cannot resolve is left to the proxy, which then has to refuse your private addresses itself.
        pub proxy: Option<String> = None => "\"http://proxy.example.org:3128\"",
    }
}

fn validate(section: &Outbound, problems: &mut Vec<Problem>) {
    check_ranges(problems, "outbound", "allowed_ranges", &section.allowed_ranges);
    check_ranges(problems, "outbound", "blocked_ranges", &section.blocked_ranges);
    let is_host = |host: &str| {
        let host = host.strip_prefix("*.").unwrap_or(host);
        !host.is_empty() && host.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-._".contains(&byte))
    };
    for host in section.allowed_hosts.iter().filter(|host| !is_host(host)) {
        let advice = format!("`{host}` is no host name; write for example \"push.example.org\"");
        report(problems, "outbound", "allowed_hosts", advice);
    }
    let is_proxy = |proxy: &String| proxy.starts_with("http://") || proxy.starts_with("https://");
    if section.proxy.as_ref().is_some_and(|proxy| !is_proxy(proxy)) {
        report(problems, "outbound", "proxy", "is no web address; start it with http://");
    }
}
