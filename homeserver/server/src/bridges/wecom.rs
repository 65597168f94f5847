//! The connector of WeCom, from the configuration.

use std::sync::Arc;

use base::{Clock, Rng};
use bridge_api::{Connector, ConversationId, Secret, Shelf};
use config::Config;
use connector_wecom::{
    App, ArchiveKey, ArchiveSettings, Bot, BotMode, Hook, Intervals, ServiceSettings, WeCom, WeComSettings,
    Webhook, file_hosts_default,
};

use crate::{StartError, settings};

/// Makes the connector; it connects when the bridges run.
pub(super) fn open(
    config: &Config,
    shelf: Arc<dyn Shelf>,
    clock: Clock,
    rng: Rng,
) -> Result<Arc<dyn Connector>, StartError> {
    let refused = |key: &'static str| move |reason: String| StartError::Setting { key, reason };
    let section = &config.wecom;
    let extra = settings::outbound_to_services(config)?.extra_authorities_pem;
    let authorities = outbound::trusted_authorities(extra.as_deref())?;
    let settings = WeComSettings {
        api_url: section.api_url.parse().map_err(|error| refused("wecom.api_url")(format!("{error}")))?,
        corp_id: section.corp_id.clone().unwrap_or_default(),
        app: section.agent_id.map(|agent_id| App {
            agent_id,
            secret: secret(&section.secret),
            callback: hook(&section.callback_token, &section.callback_aes_key),
        }),
        bot: bot(&config.wecom)?,
        archive: archive(&config.wecom)?,
        service: service(&config.wecom),
        webhooks: section.webhooks.iter().filter_map(|entry| webhook(entry)).collect(),
        group_chats: section.group_chats.clone(),
        file_hosts: [file_hosts_default(), section.file_hosts.clone()].concat(),
        authorities: Arc::new(authorities),
        intervals: Intervals::default(),
    };
    let connector = WeCom::new(settings, shelf, clock, rng).map_err(refused("wecom"))?;
    Ok(Arc::new(connector))
}

fn bot(section: &config::WeCom) -> Result<Option<Bot>, StartError> {
    let Some(id) = section.bot_id.clone().filter(|id| !id.is_empty()) else { return Ok(None) };
    let mode = if section.bot_mode == "webhook" {
        let (token, aes_key) = (secret(&section.bot_callback_token), secret(&section.bot_callback_aes_key));
        BotMode::Callback(Hook { token, aes_key })
    } else {
        let wrong = |reason: String| StartError::Setting { key: "wecom.bot_url", reason };
        let url = section.bot_url.parse().map_err(|error| wrong(format!("{error}")))?;
        BotMode::Socket { url, secret: secret(&section.bot_secret) }
    };
    Ok(Some(Bot { id, names: section.bot_names.clone(), mode }))
}

/// Customer service, where the operator wants it.
fn service(section: &config::WeCom) -> Option<ServiceSettings> {
    let welcome = Some(section.customer_service_welcome.trim().to_owned()).filter(|words| !words.is_empty());
    let accounts =
        section.customer_service_accounts.iter().map(|account| account.trim().to_owned()).collect();
    section.customer_service.then_some(ServiceSettings { accounts, welcome })
}

/// The chat archive, with its keys read from their files.
fn archive(section: &config::WeCom) -> Result<Option<ArchiveSettings>, StartError> {
    if section.archive_secret.as_deref().is_none_or(|secret| secret.trim().is_empty()) {
        return Ok(None);
    }
    let mut private_keys = Vec::new();
    for entry in &section.archive_private_keys {
        let wrong = |reason: String| StartError::Setting { key: "wecom.archive_private_keys", reason };
        let (version, file) = entry.split_once('=').ok_or_else(|| wrong(format!("{entry} names no file")))?;
        let version = version.trim().parse().map_err(|error| wrong(format!("{version}: {error}")))?;
        let pem = std::fs::read_to_string(file.trim()).map_err(|error| wrong(format!("{file}: {error}")))?;
        private_keys.push(ArchiveKey { version, pem: Secret::new(pem) });
    }
    let paired = |entry: &String| {
        let (room, conversation) = entry.split_once('=')?;
        Some((room.trim().to_owned(), ConversationId::new(conversation.trim()).ok()?))
    };
    Ok(Some(ArchiveSettings {
        secret: secret(&section.archive_secret),
        helper: section.archive_helper.clone().into(),
        library: section.archive_library.clone().into(),
        private_keys,
        proxy: section.archive_proxy.clone(),
        proxy_password: Secret::new(section.archive_proxy_password.clone()),
        rooms: section.archive_rooms.iter().filter_map(paired).collect(),
        direct_chats: section.archive_direct_chats,
        own_robots: section.archive_own_robots.clone(),
    }))
}

fn secret(value: &Option<String>) -> Secret {
    Secret::new(value.clone().unwrap_or_default())
}

fn hook(token: &Option<String>, aes_key: &Option<String>) -> Option<Hook> {
    let set = |value: &Option<String>| value.as_deref().is_some_and(|value| !value.trim().is_empty());
    (set(token) && set(aes_key)).then(|| Hook { token: secret(token), aes_key: secret(aes_key) })
}

/// A webhook as the configuration writes it: its name and its key.
fn webhook(entry: &str) -> Option<Webhook> {
    let (name, key) = entry.split_once('=')?;
    Some(Webhook { name: name.trim().to_owned(), key: Secret::new(key.trim()) })
}
