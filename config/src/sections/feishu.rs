//! Section `[feishu]`.

use crate::{
    Problem,
    section::{report, section},
};

/// Longest pause before something is read again: what is older than a day is not.
const MINUTES_OF_DAY: u64 = 24 * 60;

/// Longest pause before answers to meetings are read again.
const SECONDS_OF_HOUR: u64 = 60 * 60;

section! {
    name = "feishu", validate = validate;
    /// The bridge to Feishu (飞书), or to Lark: one self-built app whose robot is in the groups that are bridged.
    pub struct Feishu {
        /// Whether the bridge runs.
        pub enabled: bool = false,
        /// The id of the app.
        pub app_id: Option<String> = None => "\"cli_a1b2c3d4e5f6\"",
        /// The secret of the app.
        pub app_secret: Option<String> = None => "\"a-secret\"",
        /// Where the platform is: https://open.feishu.cn for Feishu, https://open.larksuite.com for Lark, or an
        /// installation of your own.
        pub base_url: String = "https://open.feishu.cn".to_owned(),
        /// How events come: "long_connection" (nothing has to be reachable from outside) or "webhook" (the platform
        /// asks `/_lianqiao/bridge/feishu` on the public address of the process with the bridges).
        pub mode: String = "long_connection".to_owned(),
        /// How often, in minutes, the newest messages of the last day are read again, because Feishu tells apps of no changes and of no
        /// words of other robots: a conversation so long after somebody spoke there, and then after ever longer pauses. 0 for never:
        /// then both are seen after a reconnection alone, and of groups it is not told who has read what was said here. Each time costs
        /// some requests, which count where the company's plan has a bound for each month.
        pub read_again_minutes: u64 = 10,
        /// How often, in seconds, answers to meetings of the next days are read, because Feishu tells apps of none.
        pub meetings_read_seconds: u64 = 60,
        /// With webhooks: the verification token of the app.
        pub verification_token: Option<String> = None => "\"a-token\"",
        /// With webhooks: the encrypt key of the app, if it has one.
        pub encrypt_key: Option<String> = None => "\"a-key\"",
        /// Shows approvals of the bots in Feishu's approval centre, too: where the platform tells what people decided there. That is
        /// `/_lianqiao/bridge/feishu` on the public address of the process with the bridges, whatever `mode` is. Without it approvals
        /// come as cards alone.
        pub approval_callback_url: Option<String> = None => "\"https://chat.example.org/_lianqiao/bridge/feishu\"",
        /// With `approval_callback_url`: any secret text; the platform sends it with each decision, and nothing else is believed.
        pub approval_token: Option<String> = None => "\"a-long-random-text\"",
        /// With `approval_callback_url`: a key by which the platform encrypts decisions.
        pub approval_key: Option<String> = None => "\"another-random-text\"",
        /// The codes of approvals of Feishu's own of which colleagues are told in their rooms: `definitionCode` in the address of
        /// the definition in the approval administration.
        pub native_approvals: Vec<String> = Vec::new(),
    }
}

fn validate(section: &Feishu, problems: &mut Vec<Problem>) {
    let is_empty = |value: &Option<String>| value.as_ref().is_none_or(|value| value.trim().is_empty());
    if !matches!(section.mode.as_str(), "long_connection" | "webhook") {
        report(problems, "feishu", "mode", "must be \"long_connection\" or \"webhook\"");
    }
    if !section.base_url.starts_with("http://") && !section.base_url.starts_with("https://") {
        report(problems, "feishu", "base_url", "must begin with https://");
    }
    if section.read_again_minutes > MINUTES_OF_DAY {
        report(problems, "feishu", "read_again_minutes", "must be a day at most: 1440");
    }
    if !(1..=SECONDS_OF_HOUR).contains(&section.meetings_read_seconds) {
        report(
            problems,
            "feishu",
            "meetings_read_seconds",
            "must be a second at least and an hour at most: 3600",
        );
    }
    let callback = section.approval_callback_url.as_deref();
    if callback.is_some_and(|url| !url.starts_with("http://") && !url.starts_with("https://")) {
        report(problems, "feishu", "approval_callback_url", "must begin with https://");
    }
    if callback.is_some() && is_empty(&section.approval_token) {
        report(problems, "feishu", "approval_token", "must be set where approval_callback_url is");
    }
    if !section.enabled {
        return;
    }
    if is_empty(&section.app_id) {
        report(problems, "feishu", "app_id", "must be the id of the app, like cli_a1b2c3d4e5f6");
    }
    if is_empty(&section.app_secret) {
        report(problems, "feishu", "app_secret", "must be the secret of the app");
    }
    if section.mode == "webhook" && is_empty(&section.verification_token) {
        report(problems, "feishu", "verification_token", "must be set where mode is \"webhook\"");
    }
}
