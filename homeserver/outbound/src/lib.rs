//! Requests to the outside: one guarded client for every address that a user or a peer named.
//!
//! Previews, push gateways, remote media, discovery: all of them are asked for by somebody we do not
//! trust, so all of them go through [`Outbound`]. It resolves a name once, drops every address that is
//! not a public one, connects to what is left, and does so again for every redirect. It owns the rules
//! of who may be connected to and the bounds of an exchange; it never knows Matrix, and nothing here
//! reads a file or the environment.

mod answer;
mod client;
mod error;
mod guard;
pub mod limits;
mod ranges;
mod request;
mod resolve;
mod settings;
mod tls;

pub use answer::{Answer, Download};
pub use client::Outbound;
pub use error::OutboundError;
pub use ipnet::IpNet;
pub use ranges::parse_range;
pub use request::{Limits, Request};
pub use reqwest::Url;
pub use resolve::{FoundServices, LookedUp, Lookup, Service, SystemLookup};
pub use settings::OutboundSettings;
pub use tls::trusted_authorities;
