//! The bridge to WeCom as people on both sides meet it: the real binary, the real connector, the simulated platform.

use std::sync::Arc;

use base::Clock;
use serde_json::{Value, json};
use simulator_wecom::{Settings, Simulator};
use testkit::{ServerProcess, User, free_port, limits::LOOK_INTERVAL};
use tokio::time::Instant;

const BOT: &str = "@bridge:test.example";
const KEY: &str = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8";

/// How long something may take that crosses the bridge on a busy machine.
const PATIENCE: std::time::Duration = std::time::Duration::from_secs(60);

/// A server with a bridge to WeCom, an app and an AI bot there, and somebody on each side.
struct Bridge {
    platform: Simulator,
    server: ServerProcess,
    alice: User,
    _directory: tempfile::TempDir,
}

impl Bridge {
    async fn new() -> Self {
        let settings = Settings::new(1, Arc::new(|| Clock::system().now_ms()));
        let platform = Simulator::start(settings).await.unwrap();
        for command in [
            json!({ "do": "add_person", "user_id": "ZhangSan", "name": "张三" }),
            json!({ "do": "add_bot", "bot": "aibBridge", "secret": "bot-secret", "name": "连桥" }),
        ] {
            platform.act(serde_json::from_value(command).unwrap()).await.unwrap();
        }
        let app = json!({ "do": "add_app", "app": 1_000_002, "secret": "app-secret", "name": "连桥" });
        let app = platform.act(serde_json::from_value(app).unwrap()).await.unwrap();
        let wecom = format!(
            "\n[wecom]\nenabled = true\ncorp_id = {}\nagent_id = 1000002\nsecret = \"app-secret\"\n\
             callback_token = \"ScenarioToken\"\ncallback_aes_key = \"{KEY}\"\nbot_id = \"aibBridge\"\n\
             bot_secret = \"bot-secret\"\nbot_names = [\"连桥\"]\napi_url = \"{}\"\nbot_url = \"{}\"\n",
            app["corp_id"],
            platform.api_url(),
            platform.socket_url()
        );
        let directory = tempfile::tempdir().unwrap();
        let server = ServerProcess::start(directory.path(), free_port(), &wecom).await;
        let alice = server.user("alice").await;
        Self { platform, server, alice, _directory: directory }
    }

    async fn does(&self, command: Value) -> Value {
        self.platform.act(serde_json::from_value(command).unwrap()).await.unwrap()
    }

    /// A room that the bridge's bot is in, bound to a conversation.
    async fn room_of(&self, conversation: &str) -> String {
        let made =
            self.alice.creates_room_like(json!({ "preset": "private_chat", "invite": [BOT] })).await.ok();
        let room = made["room_id"].as_str().unwrap().to_owned();
        let path = format!("/_matrix/client/v3/rooms/{room}/joined_members");
        self.alice.gets_until(&path, |members| members["joined"].get(BOT).is_some()).await;
        // A group is known once somebody has spoken to the bot there.
        let begin = Instant::now();
        loop {
            let (is_done, said) =
                self.server.commands(&["bridge", "bind", "wecom", conversation, &room]).await;
            if is_done {
                return room;
            }
            assert!(begin.elapsed() < PATIENCE, "{said}\n{}", self.log());
            tokio::time::sleep(LOOK_INTERVAL).await;
        }
    }

    /// Waits for words of the platform's people in a room; who said them.
    async fn hears(&self, room: &str, words: &str) -> String {
        let begin = Instant::now();
        loop {
            let history = self.alice.whole_history(room).await;
            let said = |event: &&Value| {
                event["content"]["body"] == words
                    && event["sender"].as_str().is_some_and(|user| user.starts_with("@wc_"))
            };
            if let Some(event) = history.iter().find(said) {
                return event["sender"].as_str().unwrap().to_owned();
            }
            assert!(begin.elapsed() < PATIENCE, "{history:#?}\n{}", self.log());
            tokio::time::sleep(LOOK_INTERVAL).await;
        }
    }

    /// Waits until a chat of the platform shows these words of Alice's.
    async fn shows(&self, chat: &str, words: &str) {
        let begin = Instant::now();
        loop {
            let shown = self.does(json!({ "do": "show", "chat": chat })).await;
            let is_ours = |message: &&Value| {
                let text = message["text"].as_str().unwrap_or_default();
                message["is_bot"] == true && text.contains(words) && text.contains("alice")
            };
            if shown["messages"].as_array().unwrap().iter().filter(is_ours).count() == 1 {
                return;
            }
            assert!(begin.elapsed() < PATIENCE, "{shown:#?}\n{}", self.log());
            tokio::time::sleep(LOOK_INTERVAL).await;
        }
    }

    fn log(&self) -> String {
        std::fs::read_to_string(self.server.log_file()).unwrap_or_default()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_group_with_the_bot_and_a_room_say_the_same() {
    let bridge = Bridge::new().await;
    let group = json!({
        "do": "add_chat", "name": "项目", "owner": "ZhangSan", "people": ["ZhangSan"], "bots": ["aibBridge"],
    });
    let chat = bridge.does(group).await["chat_id"].as_str().unwrap().to_owned();
    let speaks = |text: &str| json!({ "do": "speak", "person": "ZhangSan", "chat": chat, "text": text, "at": ["aibBridge"] });
    bridge.does(speaks("is anybody there?")).await;
    let room = bridge.room_of(&format!("group:{chat}")).await;
    bridge.does(speaks("你好 <b>x</b>")).await;
    let ghost = bridge.hears(&room, "你好 <b>x</b>").await;
    let profile = bridge.alice.get(&format!("/_matrix/client/v3/profile/{ghost}")).await.ok();
    assert_eq!(profile["displayname"], "张三（企业微信）");
    bridge.alice.sends(&room, "hello from the room").await.ok();
    bridge.shows(&chat, "hello from the room").await;
    bridge.does(json!({ "do": "close_connections", "bot": "aibBridge" })).await;
    bridge.alice.sends(&room, "said while the bot was away").await.ok();
    bridge.shows(&chat, "said while the bot was away").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_chat_with_the_app_and_a_room_say_the_same() {
    let bridge = Bridge::new().await;
    let enter = json!({ "do": "enter", "person": "ZhangSan", "app": 1_000_002, "quietly": true });
    let chat = bridge.does(enter).await["chat_id"].as_str().unwrap().to_owned();
    let url = format!("{}/_lianqiao/bridge/wecom", bridge.server.client_url());
    // The platform looks at the address before it takes it.
    let callback = json!({
        "do": "use_callback", "app": 1_000_002, "url": url, "token": "ScenarioToken", "aes_key": KEY,
    });
    bridge.does(callback).await;
    let room = bridge.room_of("user:zhangsan").await;
    bridge.does(json!({ "do": "speak", "person": "ZhangSan", "chat": chat, "text": "来自企业微信" })).await;
    let ghost = bridge.hears(&room, "来自企业微信").await;
    assert!(ghost.starts_with("@wc_zhangsan:"), "one person in any case: {ghost}");
    let said = bridge.alice.sends(&room, "hello to the app").await.event_id();
    bridge.shows(&chat, "hello to the app").await;
    bridge.alice.redacts(&room, &said).await.ok();
    let begin = Instant::now();
    loop {
        let shown = bridge.does(json!({ "do": "show", "chat": chat })).await;
        if shown["messages"].as_array().unwrap().iter().any(|message| message["recalled"] == true) {
            break;
        }
        assert!(begin.elapsed() < PATIENCE, "{shown:#?}\n{}", bridge.log());
        tokio::time::sleep(LOOK_INTERVAL).await;
    }
}
