//! Plain values that the wire needs from the configuration; `server` fills them in.

use std::time::Duration;

use ruma::OwnedServerName;

use crate::{client_address::AddressRange, limits::BODY_TIMEOUT_MS_MAX, rate_limits::RateLimitSettings};

/// Settings of the HTTP surface.
#[derive(Clone, Debug)]
pub struct HttpSettings {
    /// The name of this homeserver, the part after the colon in user ids.
    pub server_name: OwnedServerName,
    /// Base URL that clients are told in `/.well-known/matrix/client`; none disables the document.
    pub public_base_url: Option<String>,
    /// `host:port` that other servers are told in `/.well-known/matrix/server`; none disables it.
    pub well_known_server: Option<String>,
    /// Contacts listed in `/.well-known/matrix/support`: Matrix ids or mail addresses.
    pub support_contacts: Vec<String>,
    /// Web page for help, listed in `/.well-known/matrix/support`.
    pub support_page: Option<String>,
    /// Public ed25519 key (unpadded base64) of the policy server of this name, listed in
    /// `/.well-known/matrix/policy_server`; none disables the document.
    pub policy_server_key: Option<String>,
    /// Proxies whose `X-Forwarded-For` is believed.
    pub trusted_proxies: Vec<AddressRange>,
    /// Rate limits by action; none switches all of them off.
    pub rate_limits: Option<RateLimitSettings>,
    /// Requests in progress at once, long polls included; the next one is refused with 503.
    pub requests_max: usize,
    /// How long a client may take to deliver a whole JSON body.
    pub body_timeout: Duration,
    /// Shared secret of `POST /_synapse/admin/v1/register`; none disables the endpoint.
    pub registration_shared_secret: Option<String>,
    /// MatrixRTC authorisation services in front of LiveKit, most preferred first.
    pub rtc_livekit_urls: Vec<String>,
    /// What `/.well-known/matrix/client` tells beside the base URL: an object whose keys clients know, for example
    /// `io.element.e2ee`.
    pub client_hints: serde_json::Value,
    /// Whether the public room directory may be read without a token.
    pub directory_without_token: bool,
    /// Whether media may be read without a token, by the old paths.
    pub media_without_token: bool,
    /// Room version that new rooms get when the client names none.
    pub default_room_version: ruma::RoomVersionId,
}

impl HttpSettings {
    /// The settings of a server with this name, everything else as documented in the example file.
    pub fn new(server_name: OwnedServerName) -> Self {
        Self {
            server_name,
            public_base_url: None,
            well_known_server: None,
            support_contacts: Vec::new(),
            support_page: None,
            policy_server_key: None,
            trusted_proxies: Vec::new(),
            rate_limits: None,
            requests_max: 16_384,
            body_timeout: Duration::from_millis(BODY_TIMEOUT_MS_MAX),
            registration_shared_secret: None,
            rtc_livekit_urls: Vec::new(),
            client_hints: serde_json::Value::Null,
            directory_without_token: false,
            media_without_token: false,
            default_room_version: ruma::RoomVersionId::V12,
        }
    }
}
