//! What the operator decides about push. Plain values: the binary fills them in.

/// Choices about push notifications.
#[derive(Clone, Debug)]
pub struct PushSettings {
    /// Whether gateways may be spoken to without TLS; for gateways inside one's own network.
    pub plain_http_allowed: bool,
    /// Whether what was written may leave the server. Without it every gateway gets ids only.
    pub content_allowed: bool,
    /// Requests to gateways in progress at once.
    pub requests_max: usize,
    /// Requests to one gateway in progress at once.
    pub requests_per_gateway_max: usize,
    /// Where people reach this server, for links in mails; none leaves the links out.
    pub public_base_url: Option<String>,
    /// How long an event may stay unread before a mail tells of it, in ms.
    pub email_delay_ms: u64,
}

impl Default for PushSettings {
    fn default() -> Self {
        Self {
            plain_http_allowed: false,
            content_allowed: true,
            requests_max: 64,
            requests_per_gateway_max: 16,
            public_base_url: None,
            email_delay_ms: 10 * 60 * 1_000,
        }
    }
}
