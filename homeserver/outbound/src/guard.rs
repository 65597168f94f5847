//! Who may be connected to: the public internet, and what the operator adds.

use std::net::IpAddr;

use ipnet::IpNet;
use reqwest::Url;

use crate::{OutboundError, OutboundSettings, limits::URL_BYTES_MAX, ranges::is_public};

/// The rules of one server.
#[derive(Debug)]
pub(crate) struct Guard {
    allowed_ranges: Vec<IpNet>,
    blocked_ranges: Vec<IpNet>,
    allowed_hosts: Vec<String>,
}

/// The host of a URL, told apart.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Host {
    Address(IpAddr),
    Name(String),
}

impl Guard {
    pub fn new(settings: &OutboundSettings) -> Self {
        Self {
            allowed_ranges: settings.allowed_ranges.clone(),
            blocked_ranges: settings.blocked_ranges.clone(),
            allowed_hosts: settings.allowed_hosts.iter().map(|host| normal(host)).collect(),
        }
    }

    /// Whether an address may be connected to.
    pub fn allows(&self, address: IpAddr) -> bool {
        if self.is_exempt(address) {
            return true;
        }
        is_public(address) && !within(&self.blocked_ranges, address)
    }

    /// Whether the operator named the address. An IPv4-mapped form counts as what it carries.
    pub fn is_exempt(&self, address: IpAddr) -> bool {
        within(&self.allowed_ranges, address) || within(&self.allowed_ranges, address.to_canonical())
    }

    /// Whether the operator named the host.
    pub fn is_exempt_host(&self, name: &str) -> bool {
        let name = normal(name);
        self.allowed_hosts.iter().any(|allowed| match allowed.strip_prefix("*.") {
            Some(domain) => name.strip_suffix(domain).is_some_and(|below| below.ends_with('.')),
            None => name == *allowed,
        })
    }
}

/// Reads a URL that somebody else wrote, and takes only what we would ask for.
pub(crate) fn parse(url: &str) -> Result<Url, OutboundError> {
    if url.len() > URL_BYTES_MAX {
        return Err(OutboundError::InvalidUrl("it is too long".to_owned()));
    }
    let url = Url::parse(url).map_err(|error| OutboundError::InvalidUrl(error.to_string()))?;
    check(&url)?;
    Ok(url)
}

/// The checks of [`parse`], for a URL that a redirect named.
pub(crate) fn check(url: &Url) -> Result<(), OutboundError> {
    let wrong = |reason: &str| Err(OutboundError::InvalidUrl(reason.to_owned()));
    if !matches!(url.scheme(), "http" | "https") {
        return wrong("it is neither http nor https");
    }
    if !url.username().is_empty() || url.password().is_some() {
        return wrong("it has a user name or a password");
    }
    if url.as_str().len() > URL_BYTES_MAX {
        return wrong("it is too long");
    }
    host(url).map(|_| ())
}

/// The host as what will be connected to. The parser has turned `0x7f.1` and its like into addresses.
pub(crate) fn host(url: &Url) -> Result<Host, OutboundError> {
    let text = url.host_str().unwrap_or_default();
    if text.is_empty() {
        return Err(OutboundError::InvalidUrl("it has no host".to_owned()));
    }
    let bare = text.strip_prefix('[').and_then(|text| text.strip_suffix(']')).unwrap_or(text);
    Ok(bare.parse().map_or_else(|_| Host::Name(normal(text)), Host::Address))
}

fn within(ranges: &[IpNet], address: IpAddr) -> bool {
    ranges.iter().any(|range| range.contains(&address))
}

/// A name as it is compared: lower case, without the dot of the root.
fn normal(name: &str) -> String {
    let name = name.trim();
    name.strip_suffix('.').unwrap_or(name).to_ascii_lowercase()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::parse_range;

    fn guard() -> Guard {
        Guard::new(&OutboundSettings {
            allowed_ranges: vec![parse_range("10.1.0.0/16").unwrap()],
            allowed_hosts: vec!["Push.Internal".to_owned(), "*.lab.example.org".to_owned()],
            blocked_ranges: vec![parse_range("9.9.9.0/24").unwrap()],
            ..OutboundSettings::default()
        })
    }

    #[test]
    fn t18_an_address_is_judged_in_every_spelling() {
        for url in [
            "http://127.0.0.1/",
            "http://2130706433/",
            "http://0x7f000001/",
            "http://0177.0.0.1/",
            "http://127.1/",
            "http://[::1]/",
            "http://[::ffff:127.0.0.1]/",
            "http://[64:ff9b::7f00:1]/",
            "http://169.254.169.254/latest/meta-data",
        ] {
            let Host::Address(address) = host(&parse(url).unwrap()).unwrap() else {
                panic!("{url} is no address");
            };
            assert!(!guard().allows(address), "{url}");
        }
    }

    #[test]
    fn the_operator_may_open_and_close_ranges() {
        let allows = |address: &str| guard().allows(address.parse().unwrap());
        assert!(allows("10.1.2.3"));
        assert!(allows("::ffff:10.1.2.3"));
        assert!(!allows("10.2.0.1"));
        assert!(!allows("9.9.9.9"));
        assert!(allows("9.9.8.9"));
    }

    #[test]
    fn a_star_stands_for_names_below_a_domain_only() {
        let exempt = |host: &str| guard().is_exempt_host(host);
        assert!(exempt("push.internal"));
        assert!(exempt("PUSH.internal."));
        assert!(exempt("a.b.lab.example.org"));
        for other in ["lab.example.org", "evillab.example.org", "push.internal.evil.org", "internal"] {
            assert!(!exempt(other), "{other}");
        }
    }

    #[test]
    fn urls_of_other_schemes_and_with_credentials_are_refused() {
        for url in
            ["file:///etc/passwd", "ftp://a.org/", "gopher://a", "http://u@a.org/", "http://u:p@a.org/"]
        {
            assert!(matches!(parse(url), Err(OutboundError::InvalidUrl(_))), "{url}");
        }
        for url in ["", "a.org", "http://", "https:///", "http://a b/"] {
            assert!(parse(url).is_err(), "{url}");
        }
        assert!(parse(&format!("https://a.org/{}", "x".repeat(URL_BYTES_MAX))).is_err());
        assert!(parse("https://a.org:8443/x?y#z").is_ok());
    }
}
