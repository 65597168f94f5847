//! What the HTTP surface takes of the configuration.

use std::time::Duration;

use config::{ActionRate, Config};
use lianqiao_http::{Action, AddressRange, HttpSettings, Rate, RateLimitSettings};

use super::{default_room_version, server_name};
use crate::StartError;

pub(crate) fn http(config: &Config) -> Result<HttpSettings, StartError> {
    let trusted_proxies = config.proxies.trusted.iter().map(|range| range.parse::<AddressRange>());
    let trusted_proxies = trusted_proxies
        .collect::<Result<_, _>>()
        .map_err(|error| StartError::Setting { key: "proxies.trusted", reason: error.to_string() })?;
    Ok(HttpSettings {
        server_name: server_name(config)?,
        public_base_url: config.server.public_base_url.clone(),
        well_known_server: config.server.well_known_server.clone(),
        support_contacts: config.server.support_contacts.clone(),
        support_page: config.server.support_page.clone(),
        policy_server_key: config.server.policy_server_key.clone(),
        trusted_proxies,
        rate_limits: config.rate_limits.enabled.then(|| rate_limits(&config.rate_limits)),
        requests_max: config.listeners.requests_max,
        body_timeout: Duration::from_secs(config.listeners.body_timeout_seconds),
        registration_shared_secret: config.registration.shared_secret.clone(),
        rtc_livekit_urls: config.rtc.livekit_service_urls.clone(),
        client_hints: client_hints(&config.clients),
        directory_without_token: config.rooms.directory_without_token,
        media_without_token: config.media.without_token,
        default_room_version: default_room_version(config)?,
    })
}

/// Keys of `/.well-known/matrix/client` that clients of the Element family read. What says the same as no key is left
/// out.
fn client_hints(clients: &config::Clients) -> serde_json::Value {
    let mut hints = clients.further_keys().unwrap_or_default();
    let mut encryption = serde_json::Map::new();
    for (key, value, is_said) in [
        ("default", clients.encryption_default, !clients.encryption_default),
        ("force_disable", clients.encryption_disabled, clients.encryption_disabled),
        ("secure_backup_required", clients.key_backup_required, clients.key_backup_required),
    ] {
        if is_said {
            encryption.insert(key.to_owned(), value.into());
        }
    }
    if !encryption.is_empty() {
        hints.insert("io.element.e2ee".to_owned(), encryption.into());
    }
    if let Some(domain) = &clients.jitsi_domain {
        hints.insert("io.element.jitsi".to_owned(), serde_json::json!({ "preferredDomain": domain }));
    }
    hints.into()
}

fn rate_limits(limits: &config::RateLimits) -> RateLimitSettings {
    let rate = |ActionRate { per_second, burst }| Some(Rate { per_second, burst });
    RateLimitSettings::new(|action| match action {
        Action::Message => rate(limits.message),
        Action::State => rate(limits.state),
        Action::Join => rate(limits.join),
        Action::Invite => rate(limits.invite),
        Action::CreateRoom => rate(limits.create_room),
        Action::Registration => rate(limits.registration),
        Action::Login => rate(limits.login),
        Action::LoginFailed => rate(limits.login_failed),
        Action::Keys => rate(limits.keys),
        Action::Search => rate(limits.search),
        Action::Presence => rate(limits.presence),
        Action::Media => rate(limits.media),
        Action::Preview => rate(limits.preview),
        Action::Other => rate(limits.other),
    })
}
