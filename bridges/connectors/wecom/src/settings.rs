//! What an operator says of one company. Plain values; whoever makes the connector reads the configuration.

use std::{sync::Arc, time::Duration};

use bridge_api::Secret;
use reqwest::Url;

use crate::{
    archive::ArchiveSettings,
    limits::{LOOKED_AFTER_EVERY, LOOKED_AFTER_FIRST, PING_EVERY},
    service::ServiceSettings,
};

/// One company with a self-built app, an AI bot, or both.
#[derive(Clone, Debug)]
pub struct WeComSettings {
    /// Where the API answers, for example `https://qyapi.weixin.qq.com`.
    pub api_url: Url,
    /// The company's id (`ww…`).
    pub corp_id: String,
    /// The self-built app.
    pub app: Option<App>,
    /// The AI bot.
    pub bot: Option<Bot>,
    /// The paid chat archive.
    pub archive: Option<ArchiveSettings>,
    /// Customer service of WeChat, by the self-built app.
    pub service: Option<ServiceSettings>,
    /// Group webhooks, each an outgoing-only conversation `webhook:<name>`.
    pub webhooks: Vec<Webhook>,
    /// The chat ids of groups that the app made; each is an outgoing-only conversation `chat:<id>`.
    pub group_chats: Vec<String>,
    /// Domains below which the bot's files lie, or whole origins (`http://127.0.0.1:8080`).
    pub file_hosts: Vec<String>,
    /// The authorities that are believed over TLS.
    pub authorities: Arc<rustls::RootCertStore>,
    /// How often something is done that nobody asks for.
    pub intervals: Intervals,
}

/// How often something is done that nobody asks for. Whoever tries the connector out does not wait for the platform's own.
#[derive(Clone, Copy, Debug)]
pub struct Intervals {
    /// Between two pings of the bot's connection, which counts as dead when two of them are not answered.
    pub ping: Duration,
    /// From the start to the first look after what the platform may have lost.
    pub first_look: Duration,
    /// Between two such looks; the last fifth of it is chance.
    pub look: Duration,
}

impl Default for Intervals {
    fn default() -> Self {
        Self { ping: PING_EVERY, first_look: LOOKED_AFTER_FIRST, look: LOOKED_AFTER_EVERY }
    }
}

/// A self-built app (自建应用).
#[derive(Clone, Debug)]
pub struct App {
    /// Its number in the console (AgentId).
    pub agent_id: u64,
    /// Its secret.
    pub secret: Secret,
    /// How its callbacks are verified; without it the app only speaks.
    pub callback: Option<Hook>,
}

/// An AI bot (智能机器人).
#[derive(Clone, Debug)]
pub struct Bot {
    /// Its id (`aib…`).
    pub id: String,
    /// The names under which people address it in groups; cut from the front of what they say.
    pub names: Vec<String>,
    /// How it is reached.
    pub mode: BotMode,
}

/// How an AI bot is reached; the console knows one of the two at a time.
#[derive(Clone, Debug)]
pub enum BotMode {
    /// Over a connection that the connector opens.
    Socket {
        /// Where, for example `wss://openws.work.weixin.qq.com`.
        url: Url,
        /// The bot's secret, which is not the app's.
        secret: Secret,
    },
    /// By requests of the platform to an address of ours.
    Callback(Hook),
}

/// How callbacks are verified and decrypted.
#[derive(Clone, Debug)]
pub struct Hook {
    /// The Token of the console.
    pub token: Secret,
    /// The EncodingAESKey of the console, 43 characters.
    pub aes_key: Secret,
}

/// The webhook of one group.
#[derive(Clone, Debug)]
pub struct Webhook {
    /// What the conversation is called here.
    pub name: String,
    /// The `key` of its address: whoever has it may speak there.
    pub key: Secret,
}

/// The domains that files of WeCom lie below.
pub fn file_hosts_default() -> Vec<String> {
    ["myqcloud.com", "qq.com", "qpic.cn", "qlogo.cn"].map(str::to_owned).to_vec()
}
