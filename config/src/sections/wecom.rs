//! Section `[wecom]`.

use crate::{
    Problem,
    section::{report, section},
};

section! {
    name = "wecom", validate = validate;
    /// The bridge to WeCom (企业微信): a self-built app, an AI bot (智能机器人), group webhooks, or any of them together.
    pub struct WeCom {
        /// Whether the bridge runs.
        pub enabled: bool = false,
        /// The id of the company.
        pub corp_id: Option<String> = None => "\"ww1234567890abcdef\"",
        /// The AgentId of the self-built app. Without one there are no chats with people by the app, no names of people
        /// and no group chats of the app.
        pub agent_id: Option<u64> = None => "1000002",
        /// The secret of the app.
        pub secret: Option<String> = None => "\"a-secret\"",
        /// The Token of the app's callback. The platform asks `/_lianqiao/bridge/wecom` on the public address of the process
        /// with the bridges; without token and key the app speaks and hears nothing.
        pub callback_token: Option<String> = None => "\"a-token\"",
        /// The EncodingAESKey of the app's callback, 43 letters and digits.
        pub callback_aes_key: Option<String> = None => "\"a-key\"",
        /// The chat ids of groups that the app made.
        pub group_chats: Vec<String> = Vec::new(),
        /// The id of the AI bot.
        pub bot_id: Option<String> = None => "\"aibABCDEF\"",
        /// The names by which people address the bot in groups; they are cut from the front of what they say.
        pub bot_names: Vec<String> = Vec::new(),
        /// How the bot is reached: "socket" (nothing has to be reachable from outside, and only one process may be connected)
        /// or "webhook" (the same address as the app's; then the bot only answers, once each, and sends no files).
        pub bot_mode: String = "socket".to_owned(),
        /// With a socket: the bot's secret, which is not the app's.
        pub bot_secret: Option<String> = None => "\"a-secret\"",
        /// With webhooks: the Token of the bot's callback.
        pub bot_callback_token: Option<String> = None => "\"a-token\"",
        /// With webhooks: the EncodingAESKey of the bot's callback.
        pub bot_callback_aes_key: Option<String> = None => "\"a-key\"",
        /// Group webhooks to speak by, each a name and the `key` of its address: "name=key".
        pub webhooks: Vec<String> = Vec::new(),
        /// Where the API is.
        pub api_url: String = "https://qyapi.weixin.qq.com".to_owned(),
        /// Where the bot connects.
        pub bot_url: String = "wss://openws.work.weixin.qq.com".to_owned(),
        /// More domains below which the bot's files lie, or whole origins, beside those of the platform that are known.
        pub file_hosts: Vec<String> = Vec::new(),
    }
}

fn validate(section: &WeCom, problems: &mut Vec<Problem>) {
    let is_empty = |value: &Option<String>| value.as_ref().is_none_or(|value| value.trim().is_empty());
    if !matches!(section.bot_mode.as_str(), "socket" | "webhook") {
        report(problems, "wecom", "bot_mode", "must be \"socket\" or \"webhook\"");
    }
    if !section.api_url.starts_with("http://") && !section.api_url.starts_with("https://") {
        report(problems, "wecom", "api_url", "must begin with https://");
    }
    if !section.bot_url.starts_with("ws://") && !section.bot_url.starts_with("wss://") {
        report(problems, "wecom", "bot_url", "must begin with wss://");
    }
    let is_webhook =
        |entry: &String| entry.split_once('=').is_some_and(|(name, key)| !name.is_empty() && !key.is_empty());
    if !section.webhooks.iter().all(is_webhook) {
        report(problems, "wecom", "webhooks", "must be names and keys like \"ops=693a91f6-7xxx\"");
    }
    if !section.enabled {
        return;
    }
    if is_empty(&section.corp_id) {
        report(problems, "wecom", "corp_id", "must be the id of the company, like ww1234567890abcdef");
    }
    if section.agent_id.is_none() && is_empty(&section.bot_id) && section.webhooks.is_empty() {
        report(problems, "wecom", "agent_id", "must be set, or `bot_id` for an AI bot, or `webhooks`");
    }
    let mut needed = Vec::new();
    if section.agent_id.is_some() {
        needed.push(("secret", &section.secret));
    }
    if !is_empty(&section.callback_token) || !is_empty(&section.callback_aes_key) {
        needed.extend([
            ("callback_token", &section.callback_token),
            ("callback_aes_key", &section.callback_aes_key),
        ]);
    }
    match (is_empty(&section.bot_id), section.bot_mode.as_str()) {
        (true, _) => {}
        (false, "webhook") => needed.extend([
            ("bot_callback_token", &section.bot_callback_token),
            ("bot_callback_aes_key", &section.bot_callback_aes_key),
        ]),
        (false, _) => needed.push(("bot_secret", &section.bot_secret)),
    }
    for (key, value) in needed {
        if is_empty(value) {
            report(problems, "wecom", key, "must be set, as the platform's console shows it");
        }
    }
}
