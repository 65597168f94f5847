//! The connector of DingTalk, from the configuration.

use std::sync::Arc;

use base::{Clock, Rng};
use bridge_api::{Connector, Shelf};
use config::Config;
use connector_dingtalk::{
    CustomWebhook, DingTalk, DingTalkSettings, Mode, Quotas, Secret, file_hosts_default,
};

use crate::{StartError, settings};

/// Makes the connector; it connects when the bridges run.
pub(super) fn open(
    config: &Config,
    shelf: Arc<dyn Shelf>,
    clock: Clock,
    rng: Rng,
) -> Result<Arc<dyn Connector>, StartError> {
    let section = &config.dingtalk;
    let refused = |key: &'static str| move |reason: String| StartError::Setting { key, reason };
    let secret = |value: &Option<String>| Secret::new(value.clone().unwrap_or_default());
    let extra = settings::outbound_to_services(config)?.extra_authorities_pem;
    let authorities = outbound::trusted_authorities(extra.as_deref())?;
    let mode = match section.mode.as_str() {
        "webhook" => Mode::Webhook {
            token: secret(&section.callback_token),
            aes_key: secret(&section.callback_aes_key),
            card_secret: section.card_secret.clone().map(Secret::new),
        },
        _ => Mode::Stream,
    };
    let webhook = |hook: &config::DingTalkWebhook| CustomWebhook {
        name: hook.name.clone(),
        access_token: Secret::new(hook.access_token.clone()),
        secret: hook.secret.clone().map(Secret::new),
    };
    let client_id = section.client_id.clone().unwrap_or_default();
    let settings = DingTalkSettings {
        api_url: section.api_url.parse().map_err(|error| refused("dingtalk.api_url")(format!("{error}")))?,
        old_api_url: section
            .old_api_url
            .parse()
            .map_err(|error| refused("dingtalk.old_api_url")(format!("{error}")))?,
        robot_code: section.robot_code.clone().unwrap_or_else(|| client_id.clone()),
        client_id,
        client_secret: secret(&section.client_secret),
        mode,
        cool_app_code: section.cool_app_code.clone(),
        card_template: section.card_template.clone(),
        operator: section.operator.clone(),
        approval_centre: section.approval_centre,
        webhooks: section.webhooks.iter().map(webhook).collect(),
        quotas: Quotas { api_calls_month: section.api_calls_month, pushes_month: section.pushes_month },
        file_hosts: file_hosts_default(),
        authorities: Arc::new(authorities),
    };
    let connector = DingTalk::new(settings, shelf, clock, rng).map_err(refused("dingtalk"))?;
    Ok(Arc::new(connector))
}
