//! What the credentials for a platform are worth: looked at and tried, without the bridges and beside them.

use std::sync::Arc;

use base::{Clock, Rng};
use bridge_api::{CheckStep, Network};
use config::Config;
use store::{Identity, MemoryKv, Store};

use crate::{StartError, settings};

/// A setting that a platform needs.
pub(crate) struct Needed {
    /// Its key in the section of the platform.
    pub key: &'static str,
    /// Whether it has a value.
    pub is_set: bool,
    /// Where the console of the platform shows the value.
    pub place: &'static str,
}

/// Credentials that are tried in the place of configured ones.
#[derive(Debug, Default)]
pub(crate) struct Credentials {
    /// The id of the app, or of the company with WeCom.
    pub id: Option<String>,
    /// The secret of the app.
    pub secret: Option<String>,
}

/// Has the configuration hold these.
pub(crate) fn put(config: &mut Config, network: Network, credentials: Credentials) {
    let (id, secret) = match network {
        Network::Feishu => (&mut config.feishu.app_id, &mut config.feishu.app_secret),
        Network::DingTalk => (&mut config.dingtalk.client_id, &mut config.dingtalk.client_secret),
        Network::WeCom => (&mut config.wecom.corp_id, &mut config.wecom.secret),
    };
    if credentials.id.is_some() {
        *id = credentials.id;
    }
    if credentials.secret.is_some() {
        *secret = credentials.secret;
    }
}

/// The settings without which nothing can be tried.
pub(crate) fn needed(config: &Config, network: Network) -> Vec<Needed> {
    let set = |value: &Option<String>| value.as_deref().is_some_and(|value| !value.trim().is_empty());
    let needed = |key, is_set, place| Needed { key, is_set, place };
    match network {
        Network::Feishu => vec![
            needed("app_id", set(&config.feishu.app_id), "开发者后台 › 凭证与基础信息 › App ID"),
            needed("app_secret", set(&config.feishu.app_secret), "开发者后台 › 凭证与基础信息 › App Secret"),
        ],
        Network::DingTalk => vec![
            needed(
                "client_id",
                set(&config.dingtalk.client_id),
                "开放平台 › 应用 › 凭证与基础信息 › Client ID",
            ),
            needed(
                "client_secret",
                set(&config.dingtalk.client_secret),
                "开放平台 › 应用 › 凭证与基础信息 › Client Secret",
            ),
        ],
        Network::WeCom => {
            let wecom = &config.wecom;
            let mut all = vec![needed("corp_id", set(&wecom.corp_id), "管理后台 › 我的企业 › 企业ID")];
            let is_heard = set(&wecom.bot_id) || set(&wecom.archive_secret);
            if wecom.agent_id.is_some() || !is_heard {
                all.push(needed(
                    "agent_id",
                    wecom.agent_id.is_some(),
                    "管理后台 › 应用管理 › 应用 › AgentId",
                ));
                all.push(needed("secret", set(&wecom.secret), "管理后台 › 应用管理 › 应用 › Secret"));
            }
            all
        }
    }
}

/// Tries the credentials on the platform. Nothing is kept, and nobody there sees anything.
pub(crate) async fn tried(config: &Config, network: Network) -> Result<Vec<CheckStep>, StartError> {
    let (clock, rng) = (Clock::system(), Rng::system());
    let identity = Identity::new(&settings::server_name(config)?, &clock);
    let store = Store::open(Arc::new(MemoryKv::new()), super::tables(), identity, Vec::new()).await?;
    let connector = super::open(config, network, &store, &clock, &rng)?;
    let steps = connector.check().await;
    store.close().await;
    Ok(steps)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_missing_is_named_until_it_is_given() {
        for network in Network::ALL {
            let mut config = Config::default();
            let missing = |config: &Config| {
                let all = needed(config, network);
                all.iter().filter(|needed| !needed.is_set).map(|needed| needed.key).collect::<Vec<_>>()
            };
            let before = missing(&config).len();
            assert!(before >= 2, "{network:?}");
            let credentials =
                Credentials { id: Some("an-id".to_owned()), secret: Some("a-secret".to_owned()) };
            put(&mut config, network, credentials);
            assert_eq!(missing(&config).len(), before - 2, "{network:?}");
            put(&mut config, network, Credentials::default());
            assert_eq!(missing(&config).len(), before - 2, "what is not given stays: {network:?}");
        }
    }
}
