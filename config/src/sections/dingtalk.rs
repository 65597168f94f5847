//! Section `[dingtalk]`.

use crate::{
    Problem,
    section::{report, section},
};

section! {
    name = "dingtalk", validate = validate;
    /// The bridge to DingTalk (钉钉): one internal app whose robot is in the groups that are bridged.
    pub struct DingTalk {
        /// Whether the bridge runs.
        pub enabled: bool = false,
        /// The ClientId of the app, formerly its AppKey.
        pub client_id: Option<String> = None => "\"dingabcdef\"",
        /// The ClientSecret of the app, formerly its AppSecret.
        pub client_secret: Option<String> = None => "\"a-secret\"",
        /// The code of the robot, where it is not the ClientId.
        pub robot_code: Option<String> = None => "\"dingabcdef\"",
        /// Where the new generation of the API is.
        pub api_url: String = "https://api.dingtalk.com".to_owned(),
        /// Where the old generation of the API is: uploads, contacts, webhooks.
        pub old_api_url: String = "https://oapi.dingtalk.com".to_owned(),
        /// How messages come: "stream" (nothing has to be reachable from outside) or "webhook" (the platform asks
        /// `/_lianqiao/bridge/dingtalk` on the public address of the process with the bridges).
        pub mode: String = "stream".to_owned(),
        /// With webhooks: the token that signs events.
        pub callback_token: Option<String> = None => "\"a-token\"",
        /// With webhooks: the key that encrypts events, 43 letters and digits.
        pub callback_aes_key: Option<String> = None => "\"a-key\"",
        /// With webhooks: the `apiSecret` that was registered with the callback of cards.
        pub card_secret: Option<String> = None => "\"a-secret\"",
        /// The group plug-in by which names and members of groups can be read.
        pub cool_app_code: Option<String> = None => "\"COOLAPP-1-ABC\"",
        /// The published card template with the variables `title`, `content`, `buttons` and `revision`.
        pub card_template: Option<String> = None => "\"abc.schema\"",
        /// Calls of the API that the company may make in a month; the free edition has 5000.
        pub api_calls_month: u64 = 5_000,
        /// Events and messages that may come in a month; the free edition has 3000.
        pub pushes_month: u64 = 3_000,
    }
}

fn validate(section: &DingTalk, problems: &mut Vec<Problem>) {
    let is_empty = |value: &Option<String>| value.as_ref().is_none_or(|value| value.trim().is_empty());
    if !matches!(section.mode.as_str(), "stream" | "webhook") {
        report(problems, "dingtalk", "mode", "must be \"stream\" or \"webhook\"");
    }
    for (key, url) in [("api_url", &section.api_url), ("old_api_url", &section.old_api_url)] {
        if !url.starts_with("http://") && !url.starts_with("https://") {
            report(problems, "dingtalk", key, "must begin with https://");
        }
    }
    if !section.enabled {
        return;
    }
    let mut needed = vec![("client_id", &section.client_id), ("client_secret", &section.client_secret)];
    if section.mode == "webhook" {
        needed.extend([
            ("callback_token", &section.callback_token),
            ("callback_aes_key", &section.callback_aes_key),
        ]);
    }
    for (key, value) in needed {
        if is_empty(value) {
            report(problems, "dingtalk", key, "must be set, as the platform's console shows it");
        }
    }
}
