//! The platforms that can be bridged.

use serde::{Deserialize, Serialize};

use crate::Words;

/// A platform.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Network {
    /// Feishu (飞书), and Lark by another base URL.
    Feishu,
    /// DingTalk (钉钉).
    DingTalk,
    /// WeCom (企业微信).
    WeCom,
}

impl Network {
    /// All of them, in the order in which they are listed.
    pub const ALL: [Self; 3] = [Self::Feishu, Self::DingTalk, Self::WeCom];

    /// As it stands in keys, metrics, commands and configuration.
    pub const fn key(self) -> &'static str {
        match self {
            Self::Feishu => "feishu",
            Self::DingTalk => "dingtalk",
            Self::WeCom => "wecom",
        }
    }

    /// What the local part of its people's Matrix accounts begins with.
    pub const fn ghost_prefix(self) -> &'static str {
        match self {
            Self::Feishu => "fs_",
            Self::DingTalk => "dt_",
            Self::WeCom => "wc_",
        }
    }

    /// As people call it.
    pub const fn name(self) -> Words {
        match self {
            Self::Feishu => Words { zh: "飞书", en: "Feishu" },
            Self::DingTalk => Words { zh: "钉钉", en: "DingTalk" },
            Self::WeCom => Words { zh: "企业微信", en: "WeCom" },
        }
    }

    /// The network that somebody names by its key or one of its names, whatever the case.
    pub fn named(text: &str) -> Option<Self> {
        let text = text.trim().to_lowercase();
        Self::ALL.into_iter().find(|network| {
            let name = network.name();
            [network.key(), name.zh, name.en].iter().any(|known| known.to_lowercase() == text)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn networks_are_found_by_every_name() {
        for network in Network::ALL {
            for name in [network.key(), network.name().zh, network.name().en] {
                assert_eq!(Network::named(name), Some(network), "{name}");
            }
            let json = serde_json::to_string(&network).expect("serialises");
            assert_eq!(json, format!("\"{}\"", network.key()));
        }
        assert_eq!(Network::named("slack"), None);
    }
}
