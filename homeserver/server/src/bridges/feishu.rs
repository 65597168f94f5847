//! The connector of Feishu, from the configuration.

use std::{sync::Arc, time::Duration};

use base::{Clock, Rng};
use bridge_api::{Connector, Shelf};
use config::Config;
use connector_feishu::{ApprovalCentre, Feishu, FeishuSettings, Mode, OfficeSettings, Secret};

use crate::{StartError, settings};

/// What the platform calls approvals of our bots, for ever.
const APPROVAL_CODE: &str = "lianqiao-approvals";

/// Makes the connector; it connects when the bridges run.
pub(super) fn open(
    config: &Config,
    shelf: Arc<dyn Shelf>,
    clock: Clock,
    rng: Rng,
) -> Result<Arc<dyn Connector>, StartError> {
    let section = &config.feishu;
    let refused = |key: &'static str| move |reason: String| StartError::Setting { key, reason };
    let extra = settings::outbound_to_services(config)?.extra_authorities_pem;
    let authorities = outbound::trusted_authorities(extra.as_deref())?;
    let mode = match section.mode.as_str() {
        "webhook" => Mode::Webhook {
            verification_token: Secret::new(section.verification_token.clone().unwrap_or_default()),
            encrypt_key: section.encrypt_key.clone().map(Secret::new),
        },
        _ => Mode::LongConnection,
    };
    let approvals = match &section.approval_callback_url {
        Some(url) => Some(ApprovalCentre {
            callback_url: url
                .parse()
                .map_err(|error| refused("feishu.approval_callback_url")(format!("{error}")))?,
            token: Secret::new(section.approval_token.clone().unwrap_or_default()),
            key: section.approval_key.clone().map(Secret::new),
            code: APPROVAL_CODE.to_owned(),
        }),
        None => None,
    };
    let settings = FeishuSettings {
        base_url: section.base_url.parse().map_err(|error| refused("feishu.base_url")(format!("{error}")))?,
        app_id: section.app_id.clone().unwrap_or_default(),
        app_secret: Secret::new(section.app_secret.clone().unwrap_or_default()),
        mode,
        authorities: Arc::new(authorities),
        read_again_every: (section.read_again_minutes > 0)
            .then(|| Duration::from_secs(section.read_again_minutes.saturating_mul(60))),
        office: OfficeSettings {
            approvals,
            native_codes: section.native_approvals.clone(),
            meetings_every: Duration::from_secs(section.meetings_read_seconds),
            ..OfficeSettings::default()
        },
    };
    let connector = Feishu::new(settings, shelf, clock, rng).map_err(refused("feishu"))?;
    Ok(Arc::new(connector))
}
