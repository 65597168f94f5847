//! Plain values that the binary takes from the configuration.

use ipnet::IpNet;

/// What the operator says about connections to the outside.
#[derive(Clone, Debug, Default)]
pub struct OutboundSettings {
    /// Private ranges that may be connected to all the same, for subsidiaries and gateways inside.
    pub allowed_ranges: Vec<IpNet>,
    /// Host names that may be connected to whatever their address is. `*.example.org` stands for every
    /// name below that domain.
    pub allowed_hosts: Vec<String>,
    /// Public ranges that must not be connected to. An allowed range or host wins over them.
    pub blocked_ranges: Vec<IpNet>,
    /// Certificates, in PEM, that are trusted beside those of the system.
    pub extra_authorities_pem: Option<Vec<u8>>,
    /// `http://host:port` of a proxy that everything but allowed ranges and hosts goes through.
    pub proxy: Option<String>,
    /// The `User-Agent` of every request; empty sends none.
    pub user_agent: String,
    /// Speaks HTTP/1.1 alone. With it the `Host` of a request may differ from the name that TLS is asked for.
    pub http1_only: bool,
}
