//! From the configuration file to the plain values that each crate takes.

use std::time::Duration;

use accounts::{AccountSettings, PasswordCost, Registration};
use administration::TurnSettings;
use std::path::{Path, PathBuf};

use config::{ActionRate, Config, MediaStorage};
use delivery::{delayed_events::DelayedEventSettings, push::PushSettings};
use federation::{
    FederationSettings,
    policy::{PeerKind, PeerRule, PolicyMode, PolicySettings},
    policy_server::PolicyServerSettings,
};
use flows::{
    NoticeSettings,
    single_sign_on::{ProviderSettings, SingleSignOnSettings},
};
use lianqiao_http::{Action, AddressRange, HttpSettings, Rate, RateLimitSettings};
use mail::{MailSecurity, MailSettings};
use media::{MediaSettings, PreviewSettings, S3Settings, StorageSettings};
use outbound::OutboundSettings;
use rooms::RoomsSettings;
use ruma::{OwnedServerName, RoomVersionId};
use search::SearchSettings;

use crate::StartError;

/// The server name, checked.
pub(crate) fn server_name(config: &Config) -> Result<OwnedServerName, StartError> {
    OwnedServerName::try_from(config.server.name.as_str())
        .map_err(|error| StartError::Setting { key: "server.name", reason: error.to_string() })
}

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

pub(crate) fn accounts(config: &Config) -> AccountSettings {
    let registration = match (config.registration.open, &config.registration.token) {
        (true, _) => Registration::Open,
        (false, Some(_)) => Registration::Token,
        (false, None) => Registration::Closed,
    };
    AccountSettings {
        registration,
        registration_shared_secret: config.registration.shared_secret.clone(),
        guests: config.registration.guests,
        email: config.mail.host.is_some(),
        email_required: config.mail.address_required,
        identity_providers: providers(config).map(|provider| provider.id.clone()).collect(),
        password_length_min: config.passwords.length_min,
        password_cost: PasswordCost {
            memory_kib: config.passwords.memory_kibibytes,
            iterations: config.passwords.passes,
            lanes: 1,
        },
        ..AccountSettings::default()
    }
}

fn providers(config: &Config) -> impl Iterator<Item = &config::IdentityProvider> {
    config.single_sign_on.providers.iter().flatten()
}

pub(crate) fn single_sign_on(config: &Config) -> SingleSignOnSettings {
    let provider = |provider: &config::IdentityProvider| ProviderSettings {
        id: provider.id.clone(),
        name: provider.name.clone().unwrap_or_else(|| provider.id.clone()),
        brand: provider.brand.clone(),
        icon: provider.icon.clone(),
        issuer: provider.issuer.clone(),
        client_id: provider.client_id.clone(),
        client_secret: provider.client_secret.clone(),
        scopes: provider.scopes.clone(),
        localpart_claim: provider.localpart_claim.clone(),
        display_name_claim: provider.display_name_claim.clone(),
        email_claim: provider.email_claim.clone(),
        trust_email: provider.trust_email,
        required_claims: provider.required_claims.clone(),
        create_accounts: provider.create_accounts,
        link_by_name: provider.link_by_name,
        link_by_email: provider.link_by_email,
        update_display_name: provider.update_display_name,
    };
    SingleSignOnSettings {
        public_base_url: config.server.public_base_url.clone().unwrap_or_default(),
        providers: providers(config).map(provider).collect(),
        trusted_clients: config.single_sign_on.trusted_clients.clone(),
        time_max: Duration::from_secs(config.single_sign_on.timeout_seconds),
    }
}

/// How server notices look, when there are any.
pub(crate) fn notices(config: &Config) -> Option<NoticeSettings> {
    let section = &config.server_notices;
    Some(NoticeSettings {
        localpart: section.localpart.clone()?,
        display_name: section.display_name.clone(),
        avatar_url: section.avatar_url.clone(),
        room_name: section.room_name.clone(),
        auto_join: section.auto_join,
    })
}

pub(crate) fn turn(config: &Config) -> TurnSettings {
    let section = &config.turn;
    TurnSettings {
        uris: section.uris.clone(),
        shared_secret: section.shared_secret.clone(),
        username: section.username.clone(),
        password: section.password.clone(),
        lifetime_seconds: section.lifetime_seconds,
        guests: section.guests,
    }
}

/// None when this server sends no e-mail.
pub(crate) fn mail(config: &Config) -> Option<MailSettings> {
    let section = &config.mail;
    Some(MailSettings {
        host: section.host.clone()?,
        port: section.port,
        security: match section.security {
            config::MailSecurity::Starttls => MailSecurity::Starttls,
            config::MailSecurity::Tls => MailSecurity::Tls,
            config::MailSecurity::None => MailSecurity::None,
        },
        credentials: section.user.clone().zip(section.password.clone()),
        from: section.from.clone().unwrap_or_default(),
    })
}

pub(crate) fn push(config: &Config) -> PushSettings {
    PushSettings {
        plain_http_allowed: config.push.plain_http,
        content_allowed: config.push.content,
        requests_max: config.push.requests_max,
        requests_per_gateway_max: config.push.requests_per_gateway_max,
        public_base_url: config.server.public_base_url.clone(),
        email_delay_ms: config.mail.notification_delay_seconds.saturating_mul(1_000),
    }
}

pub(crate) fn rooms(config: &Config) -> Result<RoomsSettings, StartError> {
    Ok(RoomsSettings {
        default_version: default_room_version(config)?,
        presence_enabled: config.presence.enabled,
        redacted_kept_ms: config.rooms.redacted_content_days.saturating_mul(24 * 60 * 60 * 1000),
        cache_bytes: config.database.object_cache_mebibytes.saturating_mul(1024 * 1024),
        ..RoomsSettings::default()
    })
}

/// Reads the file of additional authorities as well.
pub(crate) fn outbound(config: &Config) -> Result<OutboundSettings, StartError> {
    let section = &config.outbound;
    let ranges = |key: &'static str, texts: &[String]| {
        let parsed = texts.iter().map(|text| {
            outbound::parse_range(text)
                .ok_or_else(|| StartError::Setting { key, reason: format!("`{text}` is no range") })
        });
        parsed.collect::<Result<Vec<_>, _>>()
    };
    let extra_authorities_pem = match &section.authorities_file {
        Some(path) => Some(std::fs::read(path).map_err(|error| StartError::Setting {
            key: "outbound.authorities_file",
            reason: format!("{path} cannot be read: {error}"),
        })?),
        None => None,
    };
    Ok(OutboundSettings {
        allowed_ranges: ranges("outbound.allowed_ranges", &section.allowed_ranges)?,
        allowed_hosts: section.allowed_hosts.clone(),
        blocked_ranges: ranges("outbound.blocked_ranges", &section.blocked_ranges)?,
        extra_authorities_pem,
        proxy: section.proxy.clone(),
        user_agent: concat!("Lianqiao/", env!("CARGO_PKG_VERSION")).to_owned(),
        http1_only: false,
    })
}

/// Server names are read here, so that a mistake is found at the start.
pub(crate) fn federation(config: &Config) -> Result<FederationSettings, StartError> {
    let section = &config.federation;
    let notaries = section.notaries.iter().map(|name| {
        OwnedServerName::try_from(name.as_str())
            .map_err(|error| StartError::Setting { key: "federation.notaries", reason: error.to_string() })
    });
    Ok(FederationSettings {
        policy: policy(section)?,
        notaries: notaries.collect::<Result<_, _>>()?,
        denied_keys: section.denied_keys.clone(),
        device_names_shared: section.device_names_shared,
    })
}

/// What this server recommends as the policy server of rooms.
pub(crate) fn policy_server(section: &config::PolicyServer) -> PolicyServerSettings {
    PolicyServerSettings {
        event_bytes_max: section.event_bytes_max,
        events_per_minute_max: section.events_per_minute_max,
        arrivals_per_minute_max: section.arrivals_per_minute_max,
        repeats_per_minute_max: section.repeats_per_minute_max,
        mentions_max: section.mentions_max,
        denied_words: section.denied_words.clone(),
        denied_users: section.denied_users.clone(),
        denied_servers: section.denied_servers.clone(),
        spared_power_level: section.spared_power_level,
    }
}

/// With whom we talk.
pub(crate) fn policy(section: &config::Federation) -> Result<PolicySettings, StartError> {
    let peers = section.peers.iter().map(|peer| PeerRule {
        servers: peer.servers.clone(),
        kind: match peer.kind {
            config::PeerKind::Subsidiary => PeerKind::Subsidiary,
            config::PeerKind::Partner => PeerKind::Partner,
            config::PeerKind::Other => PeerKind::Other,
        },
        rooms: peer.rooms,
        directory: peer.directory,
        profiles: peer.profiles,
        presence: peer.presence,
        media_bytes_max: peer.media_mebibytes_max.map(|mebibytes| mebibytes.saturating_mul(1024 * 1024)),
    });
    let policy = PolicySettings {
        mode: match section.policy {
            config::FederationPolicy::Open => PolicyMode::Open,
            config::FederationPolicy::Listed => PolicyMode::Listed,
            config::FederationPolicy::Closed => PolicyMode::Closed,
        },
        allowed: section.allowed_servers.clone(),
        denied: section.denied_servers.clone(),
        peers: peers.collect(),
    };
    policy.check().map_err(|error| StartError::Setting { key: "federation", reason: error.to_string() })?;
    Ok(policy)
}

/// The way to application services: on this machine as a rule, and wherever the operator says, so nothing is closed,
/// and no proxy stands between.
pub(crate) fn outbound_to_services(config: &Config) -> Result<OutboundSettings, StartError> {
    let everywhere = ["0.0.0.0/0", "::/0"];
    Ok(OutboundSettings {
        allowed_ranges: everywhere.into_iter().filter_map(outbound::parse_range).collect(),
        blocked_ranges: Vec::new(),
        proxy: None,
        ..outbound(config)?
    })
}

pub(crate) fn delayed_events(config: &Config) -> DelayedEventSettings {
    DelayedEventSettings {
        delay_ms_max: config.rtc.delayed_event_hours_max.saturating_mul(60 * 60 * 1_000),
        scheduled_per_user_max: config.rtc.delayed_events_per_user_max,
    }
}

pub(crate) fn search(config: &Config) -> SearchSettings {
    SearchSettings { all_users_found: config.user_directory.all_users }
}

/// `forget` keeps contents in main memory, as the rest of such a server.
pub(crate) fn media(config: &Config, forget: bool) -> MediaSettings {
    const MEBIBYTE: u64 = 1024 * 1024;
    const HOUR_MS: u64 = 60 * 60 * 1000;
    let section = &config.media;
    let directory = match &section.directory {
        Some(directory) => PathBuf::from(directory),
        None => Path::new(&config.server.data_directory).join("media"),
    };
    let storage = match section.storage {
        MediaStorage::S3 => StorageSettings::S3(s3(section)),
        MediaStorage::Disk if forget => StorageSettings::Memory,
        MediaStorage::Disk => StorageSettings::Disk,
    };
    let previews = &config.url_previews;
    let preview_settings = || PreviewSettings {
        allowed_domains: previews.allowed_domains.clone(),
        denied_domains: previews.denied_domains.clone(),
        cache_ms: previews.cache_minutes * 60_000,
        image_ms: previews.image_days * 24 * HOUR_MS,
        accept_language: previews.accept_language.clone(),
    };
    MediaSettings {
        storage,
        upload_bytes_max: section.upload_mebibytes_max * MEBIBYTE,
        user_bytes_max: section.user_mebibytes_max.map(|mebibytes| mebibytes * MEBIBYTE),
        allowed_types: section.allowed_types.clone(),
        denied_types: section.denied_types.clone(),
        reserved_ms_max: section.reserved_hours * HOUR_MS,
        grace_ms: section.grace_hours * HOUR_MS,
        retention_ms: section.retention_days.map(|days| days * 24 * HOUR_MS),
        thumbnail_pixels_max: section.thumbnail_megapixels_max * 1_000_000,
        thumbnail_source_bytes_max: section.thumbnail_source_mebibytes_max * MEBIBYTE,
        remote_bytes_max: section.remote_mebibytes_max * MEBIBYTE,
        remote_ms: section.remote_days * 24 * HOUR_MS,
        remote_total_bytes_max: section.remote_total_mebibytes_max * MEBIBYTE,
        thumbnail_threads: section.thumbnail_threads,
        previews: previews.enabled.then(preview_settings),
        ..MediaSettings::new(directory)
    }
}

fn s3(section: &config::Media) -> S3Settings {
    S3Settings {
        bucket: section.s3_bucket.clone().unwrap_or_default(),
        endpoint: section.s3_endpoint.clone(),
        region: section.s3_region.clone(),
        access_key_id: section.s3_access_key_id.clone().unwrap_or_default(),
        secret_access_key: section.s3_secret_access_key.clone().unwrap_or_default(),
        prefix: section.s3_prefix.clone(),
        bucket_in_host_name: section.s3_bucket_in_host_name,
    }
}

fn default_room_version(config: &Config) -> Result<RoomVersionId, StartError> {
    RoomVersionId::try_from(config.rooms.default_version.as_str())
        .map_err(|error| StartError::Setting { key: "rooms.default_version", reason: error.to_string() })
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
