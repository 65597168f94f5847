//! Section `[dingtalk]`.

use serde::{Deserialize, Serialize};

use crate::{
    Problem,
    section::{report, section},
};

/// A custom webhook robot of one group.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct DingTalkWebhook {
    /// What the conversation is called here: letters, digits, `-` and `_`, at most 32.
    pub name: String,
    /// The `access_token` of the robot's address.
    pub access_token: String,
    /// The secret (`SEC…`) of a robot that wants signatures.
    pub secret: Option<String>,
}

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
        /// The published card template with the variables `title`, `content`, `buttons`, `input` and `revision`.
        pub card_template: Option<String> = None => "\"abc.schema\"",
        /// The userId of somebody in whose name the app keeps to-dos and meetings of those who are not on DingTalk, and asks who
        /// has time. Without one these are not shown there.
        pub operator: Option<String> = None => "\"manager4220\"",
        /// Whether approvals stand in DingTalk's approval centre, too. Each takes about four calls of the month; people decide
        /// by its link or by the card.
        pub approval_centre: bool = false,
        /// Custom webhook robots: each speaks in one group, of any kind and also with people of other companies, and hears
        /// nothing. For example [{ name = "ops", access_token = "a-token", secret = "SEC-a-secret" }], where the secret is
        /// for robots that want signatures. The group is bound by `!bind dingtalk webhook:ops`.
        pub webhooks: Vec<DingTalkWebhook> = Vec::new(),
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
    let is_name = |name: &str| {
        (1..=32).contains(&name.len())
            && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'))
    };
    for (index, hook) in section.webhooks.iter().enumerate() {
        if !is_name(&hook.name) || section.webhooks[..index].iter().any(|other| other.name == hook.name) {
            let advice = format!("`{}` is no name of its own; use letters, digits, - and _", hook.name);
            report(problems, "dingtalk", "webhooks", advice);
        }
        if hook.access_token.trim().is_empty() {
            let advice = format!("`{}` needs the access_token that stands in the robot's address", hook.name);
            report(problems, "dingtalk", "webhooks", advice);
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_webhook_robot_has_a_name_of_its_own_and_a_token() {
        let hook = |name: &str, token: &str| DingTalkWebhook {
            name: name.to_owned(),
            access_token: token.to_owned(),
            secret: None,
        };
        let table = [
            (vec![hook("ops", "t"), hook("night-shift_2", "t")], 0),
            (vec![hook("ops", "t"), hook("ops", "u")], 1),
            (vec![hook("", "t"), hook("a b", "t"), hook(&"n".repeat(33), "t")], 3),
            (vec![hook("ops", " ")], 1),
        ];
        for (webhooks, expected) in table {
            let mut problems = Vec::new();
            validate(&DingTalk { webhooks: webhooks.clone(), ..DingTalk::default() }, &mut problems);
            assert_eq!(problems.len(), expected, "{webhooks:?}: {problems:?}");
        }
    }
}
