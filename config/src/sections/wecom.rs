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
        /// Whether customers are served: people of WeChat who write to accounts of customer service (微信客服). It needs the app with its
        /// callback, and the right to that interface.
        pub customer_service: bool = false,
        /// The ids of its accounts, "wkABCDEF"; empty for all that the app may manage.
        pub customer_service_accounts: Vec<String> = Vec::new(),
        /// With what whoever enters such a conversation is welcomed; empty for nothing.
        pub customer_service_welcome: String = String::new(),
        /// Where the API is.
        pub api_url: String = "https://qyapi.weixin.qq.com".to_owned(),
        /// Where the bot connects.
        pub bot_url: String = "wss://openws.work.weixin.qq.com".to_owned(),
        /// More domains below which the bot's files lie, or whole origins, beside those of the platform that are known.
        pub file_hosts: Vec<String> = Vec::new(),
        /// The secret of the paid chat archive (会话内容存档), which is no app's. With it the bridge hears all that is said where
        /// somebody with a licence of the archive is.
        pub archive_secret: Option<String> = None => "\"a-secret\"",
        /// The program that loads WeCom's library for the archive: `make -C bridges/connectors/wecom/archive-helper` builds it.
        pub archive_helper: String = "/usr/local/lib/lianqiao/archive_helper".to_owned(),
        /// WeCom's library for the archive, from its developer pages.
        pub archive_library: String = "/usr/local/lib/lianqiao/libWeWorkFinanceSdk_C.so".to_owned(),
        /// Files with the private keys of the archive, each with the version that the console shows for its public key:
        /// "1=/etc/lianqiao/wecom-archive-1.pem". Old ones stay: what was said before is encrypted with them.
        pub archive_private_keys: Vec<String> = Vec::new(),
        /// The proxy through which the library asks, as it takes it, for example "http://10.0.0.1:8080"; empty for none.
        pub archive_proxy: String = String::new(),
        /// "user:password" of that proxy; empty for none.
        pub archive_proxy_password: String = String::new(),
        /// Groups of the archive that are at the same time conversations in which the bridge speaks: the archive's roomid and
        /// the conversation, "roomid=group:chatid". Other groups are heard as `room:<roomid>`.
        pub archive_rooms: Vec<String> = Vec::new(),
        /// Whether what two people say to each other alone is brought too, as `between:<userid>|<userid>`.
        pub archive_direct_chats: bool = false,
        /// Robots that are ours beside the AI bot, by their name or their id in the archive: webhooks. Their words are not
        /// brought, because they are ours.
        pub archive_own_robots: Vec<String> = Vec::new(),
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
    archive(section, problems);
    if !section.enabled {
        return;
    }
    if is_empty(&section.corp_id) {
        report(problems, "wecom", "corp_id", "must be the id of the company, like ww1234567890abcdef");
    }
    let is_heard = !is_empty(&section.bot_id) || !is_empty(&section.archive_secret);
    if section.agent_id.is_none() && !is_heard && section.webhooks.is_empty() {
        let words = "must be set, or `bot_id` for an AI bot, or `archive_secret`, or `webhooks`";
        report(problems, "wecom", "agent_id", words);
    }
    if section.customer_service && (section.agent_id.is_none() || is_empty(&section.callback_token)) {
        let words =
            "needs the self-built app with its callback: `agent_id`, `callback_token`, `callback_aes_key`";
        report(problems, "wecom", "customer_service", words);
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

/// What the archive needs.
fn archive(section: &WeCom, problems: &mut Vec<Problem>) {
    let is_key = |entry: &String| {
        entry
            .split_once('=')
            .is_some_and(|(version, file)| version.trim().parse::<u64>().is_ok() && !file.is_empty())
    };
    if !section.archive_private_keys.iter().all(is_key) {
        let words = "must be versions and files like \"1=/etc/lianqiao/wecom-archive-1.pem\"";
        report(problems, "wecom", "archive_private_keys", words);
    }
    let is_room = |entry: &String| {
        let Some((room, conversation)) = entry.split_once('=') else { return false };
        let kinds = ["group:", "chat:", "webhook:"];
        !room.trim().is_empty() && kinds.iter().any(|kind| conversation.trim().starts_with(kind))
    };
    if !section.archive_rooms.iter().all(is_room) {
        let words = "must be groups of the archive and conversations like \"wrRoom=group:wrChat\"";
        report(problems, "wecom", "archive_rooms", words);
    }
    let is_used = section.archive_secret.as_ref().is_some_and(|secret| !secret.trim().is_empty());
    if section.enabled && is_used && section.archive_private_keys.is_empty() {
        let words = "must be set with `archive_secret`: the private keys of the console's public keys";
        report(problems, "wecom", "archive_private_keys", words);
    }
}
