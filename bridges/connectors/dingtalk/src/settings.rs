//! What an operator says of one app. Plain values; whoever makes the connector reads the configuration.

use std::sync::Arc;

use bridge_api::Secret;
use reqwest::Url;

use crate::limits::{FREE_API_CALLS_MONTH, FREE_PUSHES_MONTH};

/// One internal app with a robot.
#[derive(Clone, Debug)]
pub struct DingTalkSettings {
    /// Where the new generation of the API answers, for example `https://api.dingtalk.com`.
    pub api_url: Url,
    /// Where the old generation answers, for example `https://oapi.dingtalk.com`: uploads, contacts, webhooks.
    pub old_api_url: Url,
    /// The app's ClientId, formerly AppKey (`ding…`).
    pub client_id: String,
    /// The app's ClientSecret, formerly AppSecret.
    pub client_secret: Secret,
    /// The robot's code; mostly the ClientId.
    pub robot_code: String,
    /// How events and messages come.
    pub mode: Mode,
    /// The group plug-in (`COOLAPP-…`) by which names and members of groups can be read.
    pub cool_app_code: Option<String>,
    /// The published card template (`….schema`) with the variables `title`, `content`, `buttons`, `input` and `revision`.
    pub card_template: Option<String>,
    /// The userId of somebody in whose name the app keeps to-dos and meetings of those who are not on DingTalk.
    pub operator: Option<String>,
    /// Whether approvals of ours stand in the approval centre (process centre), too.
    pub approval_centre: bool,
    /// Custom webhook robots, each an outgoing-only conversation `webhook:<name>`.
    pub webhooks: Vec<CustomWebhook>,
    /// What the company may use in a month.
    pub quotas: Quotas,
    /// Domains below which files are fetched, beside the two addresses of the API.
    pub file_hosts: Vec<String>,
    /// The authorities that are believed over TLS.
    pub authorities: Arc<rustls::RootCertStore>,
}

/// How events and messages come from the platform.
#[derive(Clone, Debug)]
pub enum Mode {
    /// Over a connection that the connector opens. Needs no address of our own.
    Stream,
    /// By requests of the platform to an address of ours.
    Webhook {
        /// The text that signs events.
        token: Secret,
        /// The key that encrypts events, 43 letters and digits.
        aes_key: Secret,
        /// The `apiSecret` that was registered with the callback of cards.
        card_secret: Option<Secret>,
    },
}

/// A custom webhook robot of one group, of any kind of group.
#[derive(Clone, Debug)]
pub struct CustomWebhook {
    /// What the conversation is called here.
    pub name: String,
    /// The `access_token` of its address.
    pub access_token: Secret,
    /// The secret (`SEC…`) when the robot wants signatures.
    pub secret: Option<Secret>,
}

/// What a company may use in a month.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Quotas {
    /// Calls of the API.
    pub api_calls_month: u64,
    /// Events and messages that come, and messages by webhooks.
    pub pushes_month: u64,
}

impl Default for Quotas {
    fn default() -> Self {
        Self { api_calls_month: FREE_API_CALLS_MONTH, pushes_month: FREE_PUSHES_MONTH }
    }
}

/// The domains that files of DingTalk lie below.
pub fn file_hosts_default() -> Vec<String> {
    ["dingtalk.com", "aliyuncs.com", "alicdn.com"].map(str::to_owned).to_vec()
}
