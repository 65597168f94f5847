//! The connector of WeCom, from the configuration.

use std::sync::Arc;

use base::{Clock, Rng};
use bridge_api::{Connector, Secret, Shelf};
use config::Config;
use connector_wecom::{App, Bot, BotMode, Hook, WeCom, WeComSettings, Webhook, file_hosts_default};

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
        webhooks: section.webhooks.iter().filter_map(|entry| webhook(entry)).collect(),
        group_chats: section.group_chats.clone(),
        file_hosts: [file_hosts_default(), section.file_hosts.clone()].concat(),
        authorities: Arc::new(authorities),
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
