//! From the configuration file to the plain values that each crate takes.

mod http;
mod media;
mod outbound;
mod peers;

use std::time::Duration;

use accounts::{AccountSettings, PasswordCost, Registration};
use administration::TurnSettings;
use calendar::MailboxSettings;
use config::Config;
use delivery::{delayed_events::DelayedEventSettings, push::PushSettings};
use flows::{
    NoticeSettings,
    single_sign_on::{ProviderSettings, SingleSignOnSettings},
};
use mail::{MailSecurity, MailSettings};
use rooms::RoomsSettings;
use ruma::{OwnedServerName, RoomVersionId};
use search::SearchSettings;

pub(crate) use self::{
    http::http,
    media::{MEDIA_FOLDER_NAME, media},
    outbound::{outbound, outbound_to_services},
    peers::{federation, policy, policy_server},
};
use crate::StartError;

/// The server name, checked.
pub(crate) fn server_name(config: &Config) -> Result<OwnedServerName, StartError> {
    OwnedServerName::try_from(config.server.name.as_str())
        .map_err(|error| StartError::Setting { key: "server.name", reason: error.to_string() })
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
        security: mail_security(section.security),
        credentials: section.user.clone().zip(section.password.clone()),
        from: section.from.clone().unwrap_or_default(),
    })
}

/// None where answers to invitations are not read.
pub(crate) fn mailbox(config: &Config) -> Option<MailboxSettings> {
    let section = &config.mailbox;
    Some(MailboxSettings {
        host: section.host.clone()?,
        port: section.port,
        security: mail_security(section.security),
        user: section.user.clone(),
        password: section.password.clone().unwrap_or_default(),
        folder: section.folder.clone(),
        vouched_by: section.vouched_by.clone(),
    })
}

const fn mail_security(security: config::MailSecurity) -> MailSecurity {
    match security {
        config::MailSecurity::Starttls => MailSecurity::Starttls,
        config::MailSecurity::Tls => MailSecurity::Tls,
        config::MailSecurity::None => MailSecurity::None,
    }
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

pub(crate) fn delayed_events(config: &Config) -> DelayedEventSettings {
    DelayedEventSettings {
        delay_ms_max: config.rtc.delayed_event_hours_max.saturating_mul(60 * 60 * 1_000),
        scheduled_per_user_max: config.rtc.delayed_events_per_user_max,
    }
}

pub(crate) fn search(config: &Config) -> SearchSettings {
    SearchSettings { all_users_found: config.user_directory.all_users }
}

fn default_room_version(config: &Config) -> Result<RoomVersionId, StartError> {
    RoomVersionId::try_from(config.rooms.default_version.as_str())
        .map_err(|error| StartError::Setting { key: "rooms.default_version", reason: error.to_string() })
}
