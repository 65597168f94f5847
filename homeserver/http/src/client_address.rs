//! Whose request is it: the peer, or whom a trusted proxy names.
//!
//! `X-Forwarded-For` is read from right to left and believed only as far as the chain consists of
//! configured proxies. A header from anyone else, or one that cannot be parsed, counts for nothing:
//! the peer's own address is used, so that a forged header never moves somebody's rate limit.

use std::{
    fmt,
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr},
    str::FromStr,
};

use http::HeaderMap;

/// Address of the other end of the connection; the listener puts it into every request's extensions.
#[derive(Clone, Copy, Debug)]
pub struct Peer(pub SocketAddr);

/// A range of addresses: `10.0.0.0/8`, `::1/128` or a single address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AddressRange {
    first: u128,
    mask: u128,
}

/// Why a text is no address range.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not an address range: write for example 10.0.0.0/8 or ::1")]
pub struct AddressRangeError(String);

impl AddressRange {
    /// Whether the address lies in the range. IPv4 and IPv4-mapped IPv6 addresses are the same.
    pub fn contains(&self, address: IpAddr) -> bool {
        bits(address) & self.mask == self.first
    }
}

impl FromStr for AddressRange {
    type Err = AddressRangeError;

    fn from_str(text: &str) -> Result<Self, AddressRangeError> {
        let wrong = || AddressRangeError(text.to_owned());
        let (address, length) = text.split_once('/').map_or((text, None), |(a, l)| (a, Some(l)));
        let address: IpAddr = address.trim().parse().map_err(|_| wrong())?;
        let widest = if address.is_ipv4() { 32 } else { 128 };
        let length: u32 = length.map_or(Ok(widest), str::parse).map_err(|_| wrong())?;
        if length > widest {
            return Err(wrong());
        }
        let host_bits = widest - length;
        let mask = if host_bits == 128 { 0 } else { u128::MAX << host_bits };
        Ok(Self { first: bits(address) & mask, mask })
    }
}

impl fmt::Display for AddressRange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", Ipv6Addr::from(self.first), self.mask.leading_ones())
    }
}

/// Everything as IPv6, so that a dual-stack listener and a v4 range understand each other.
fn bits(address: IpAddr) -> u128 {
    match address {
        IpAddr::V4(v4) => u128::from(v4.to_ipv6_mapped()),
        IpAddr::V6(v6) => u128::from(v6),
    }
}

/// The address that rate limits and device lists see.
pub(crate) fn client_address(peer: Option<Peer>, headers: &HeaderMap, trusted: &[AddressRange]) -> IpAddr {
    let peer = peer.map_or(IpAddr::V4(Ipv4Addr::LOCALHOST), |Peer(address)| address.ip().to_canonical());
    let is_trusted = |address: IpAddr| trusted.iter().any(|range| range.contains(address));
    if trusted.is_empty() || !is_trusted(peer) {
        return peer;
    }
    let mut nearest = peer;
    let forwarded: Vec<&str> =
        headers.get_all("x-forwarded-for").iter().filter_map(|value| value.to_str().ok()).collect();
    for hop in forwarded.iter().flat_map(|line| line.split(',')).rev() {
        let Ok(address) = hop.trim().parse::<IpAddr>() else { break };
        nearest = address.to_canonical();
        if !is_trusted(nearest) {
            break;
        }
    }
    nearest
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seen(peer: &str, forwarded: Option<&str>, trusted: &[&str]) -> String {
        let mut headers = HeaderMap::new();
        if let Some(value) = forwarded {
            headers.insert("x-forwarded-for", value.parse().unwrap());
        }
        let trusted: Vec<AddressRange> = trusted.iter().map(|range| range.parse().unwrap()).collect();
        let peer = Peer(SocketAddr::new(peer.parse().unwrap(), 1));
        client_address(Some(peer), &headers, &trusted).to_string()
    }

    #[test]
    fn a_forwarded_address_counts_only_behind_a_trusted_proxy() {
        let cases = [
            ("203.0.113.9", Some("1.2.3.4"), &[][..], "203.0.113.9"),
            ("203.0.113.9", Some("1.2.3.4"), &["10.0.0.0/8"], "203.0.113.9"),
            ("10.0.0.1", Some("1.2.3.4"), &["10.0.0.0/8"], "1.2.3.4"),
            ("10.0.0.1", Some("6.6.6.6, 1.2.3.4, 10.0.0.2"), &["10.0.0.0/8"], "1.2.3.4"),
            ("10.0.0.1", Some("rubbish"), &["10.0.0.0/8"], "10.0.0.1"),
            ("10.0.0.1", None, &["10.0.0.0/8"], "10.0.0.1"),
            ("::1", Some("2001:db8::7"), &["::1"], "2001:db8::7"),
            ("::ffff:10.0.0.1", Some("1.2.3.4"), &["10.0.0.0/8"], "1.2.3.4"),
        ];
        for (peer, forwarded, trusted, expected) in cases {
            assert_eq!(seen(peer, forwarded, trusted), expected, "{peer} {forwarded:?}");
        }
    }

    #[test]
    fn a_range_that_is_no_range_is_refused() {
        for text in ["", "10.0.0.0/33", "::/129", "host", "10.0.0/8", "1.2.3.4/x"] {
            assert!(text.parse::<AddressRange>().is_err(), "{text}");
        }
        let everything: AddressRange = "::/0".parse().unwrap();
        assert!(everything.contains("8.8.8.8".parse().unwrap()));
    }
}
