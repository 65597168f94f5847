//! What the tests of this crate talk to.

use std::sync::Arc;

use bridge_api::{
    Secret,
    double::{Asked, Script},
};

use crate::settings::{App, Bot, BotMode, Hook, Intervals, WeComSettings, Webhook};

/// The token of the page's vectors.
pub const TOKEN: &str = "SimToken01";
/// The key of the page's vectors.
pub const KEY: &str = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8";
/// The company of the page's vectors.
pub const CORP: &str = "ww1234567890abcdef";

/// The platform: without a script it gives tokens and says that all is done.
pub struct Platform(Script);

impl Default for Platform {
    fn default() -> Self {
        Self(Script::new(|path, times| match path {
            "/cgi-bin/gettoken" => {
                format!(r#"{{"errcode":0,"errmsg":"ok","access_token":"t{times}","expires_in":7200}}"#)
            }
            "/cgi-bin/message/send" => r#"{"errcode":0,"errmsg":"ok","msgid":"M1"}"#.to_owned(),
            _ => r#"{"errcode":0,"errmsg":"ok"}"#.to_owned(),
        }))
    }
}

impl Platform {
    /// Starts it and says where it is.
    pub async fn start(&self) -> String {
        self.0.start().await
    }

    /// The next answer at a path below `/cgi-bin/`.
    pub fn next(&self, path: &str, status: u16, body: impl ToString) {
        self.0.next(&format!("/cgi-bin/{path}"), status, body);
    }

    /// What was asked at a path below `/cgi-bin/`.
    pub fn asked(&self, path: &str) -> Vec<Asked> {
        self.0.asked(&format!("/cgi-bin/{path}"))
    }
}

/// Settings of an app and a bot, both called by HTTP, whose platform is at `base`.
pub fn settings(base: &str) -> WeComSettings {
    let hook = || Hook { token: Secret::new(TOKEN), aes_key: Secret::new(KEY) };
    WeComSettings {
        api_url: base.parse().expect("an address"),
        corp_id: CORP.into(),
        app: Some(App { agent_id: 1_000_002, secret: Secret::new("secret"), callback: Some(hook()) }),
        bot: Some(Bot { id: "aibX".into(), names: vec!["Bridge".into()], mode: BotMode::Callback(hook()) }),
        webhooks: vec![Webhook { name: "ops".into(), key: Secret::new("KEY") }],
        archive: None,
        service: None,
        group_chats: vec!["sale42".into()],
        file_hosts: Vec::new(),
        authorities: Arc::new(rustls::RootCertStore::empty()),
        intervals: Intervals::default(),
    }
}
