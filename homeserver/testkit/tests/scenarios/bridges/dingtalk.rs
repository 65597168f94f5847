//! A simulated DingTalk with one app, one person and a group of both.

use std::sync::Arc;

use base::Clock;
use serde_json::{Value, json};
use simulator_dingtalk::{Settings, Simulator};

/// The platform as scenarios use it.
pub(super) struct DingTalk {
    pub simulator: Simulator,
    /// The group.
    pub chat: String,
}

impl DingTalk {
    /// Starts it.
    pub async fn start() -> Self {
        let settings = Settings::new(1, Arc::new(|| Clock::system().now_ms()));
        let mut platform = Self { simulator: Simulator::start(settings).await.unwrap(), chat: String::new() };
        let app = json!({ "do": "add_app", "app_id": "dingapp", "secret": "secret", "name": "Bridge" });
        platform.does(app).await;
        platform.does(json!({ "do": "add_person", "user_id": "zhang", "name": "张三" })).await;
        let chat = json!({
            "do": "add_chat", "name": "钉群", "owner": "zhang", "people": ["zhang"], "bots": ["dingapp"],
        });
        let chat = platform.does(chat).await;
        platform.chat = chat["chat_id"].as_str().unwrap().to_owned();
        platform
    }

    /// What the configuration of a bridge says of it, with these lines more.
    pub fn section(&self, more: &str) -> String {
        let (url, old_url) = (self.simulator.api_url(), self.simulator.old_api_url());
        format!(
            "\n[dingtalk]\nenabled = true\nclient_id = \"dingapp\"\nclient_secret = \"secret\"\napi_url = \"{url}\"\n\
             old_api_url = \"{old_url}\"\n{more}"
        )
    }

    pub async fn does(&self, command: Value) -> Value {
        self.simulator.act(serde_json::from_value(command).unwrap()).await.unwrap()
    }

    /// The person says something in the group that the app hears.
    pub async fn speaks(&self, text: &str) {
        let chat = &self.chat;
        let words =
            json!({ "do": "speak", "person": "zhang", "chat": chat, "text": text, "at": ["dingapp"] });
        self.does(words).await;
    }
}
