//! By what way somebody acted.

use std::fmt;

use serde::{Deserialize, Serialize};

/// By what way somebody acted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Via {
    /// A message or reaction in a Matrix client.
    Matrix,
    /// A page in a browser, or a program that speaks to a door of ours.
    Web,
    /// A link in a mail.
    Email,
    /// A card at DingTalk.
    Dingtalk,
    /// A card at Feishu.
    Feishu,
    /// A card at WeCom.
    Wecom,
    /// Nobody: a timer or a rule.
    Auto,
    /// An administrator in place of somebody.
    Admin,
}

impl Via {
    /// The key of its word in the texts of bots.
    #[must_use]
    pub const fn key(self) -> &'static str {
        match self {
            Self::Matrix => "via.matrix",
            Self::Web => "via.web",
            Self::Email => "via.email",
            Self::Dingtalk => "via.dingtalk",
            Self::Feishu => "via.feishu",
            Self::Wecom => "via.wecom",
            Self::Auto => "via.auto",
            Self::Admin => "via.admin",
        }
    }
}

impl fmt::Display for Via {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Matrix => "Matrix",
            Self::Web => "Web",
            Self::Email => "E-mail",
            Self::Dingtalk => "DingTalk",
            Self::Feishu => "Feishu",
            Self::Wecom => "WeCom",
            Self::Auto => "auto",
            Self::Admin => "admin",
        })
    }
}
