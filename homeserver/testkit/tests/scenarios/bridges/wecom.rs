//! The bridge to WeCom as people on both sides meet it: the real binary, the real connector, the simulated platform.

use std::sync::Arc;

use base::Clock;
use serde_json::{Value, json};
use simulator_wecom::{Settings, Simulator};
use testkit::{ServerProcess, User, free_port, limits::LOOK_INTERVAL};
use tokio::time::Instant;

use crate::bridges::pictures;

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
        Self::with("").await
    }

    /// The same with more lines in its section of the configuration.
    async fn with(more: &str) -> Self {
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
             bot_secret = \"bot-secret\"\nbot_names = [\"连桥\"]\napi_url = \"{}\"\nbot_url = \"{}\"\n{more}",
            app["corp_id"],
            platform.api_url(),
            platform.socket_url()
        );
        let directory = tempfile::tempdir().unwrap();
        let server = ServerProcess::start(directory.path(), free_port(), &wecom).await;
        let alice = server.user("alice").await;
        let bridge = Self { platform, server, alice, _directory: directory };
        bridge.is_connected().await;
        bridge
    }

    /// Waits for the bot's connection: what is said to a bot that has none is lost there.
    async fn is_connected(&self) {
        let begin = Instant::now();
        loop {
            let overview = self.does(json!({ "do": "overview" })).await;
            let mut apps = overview["apps"].as_array().unwrap().iter();
            if apps.any(|app| app["app_id"] == "aibBridge" && app["connections"] != 0) {
                return;
            }
            assert!(begin.elapsed() < PATIENCE, "{overview:#?}\n{}", self.log());
            tokio::time::sleep(LOOK_INTERVAL).await;
        }
    }

    async fn does(&self, command: Value) -> Value {
        self.platform.act(serde_json::from_value(command).unwrap()).await.unwrap()
    }

    /// Where the platform's callbacks go.
    fn door(&self) -> String {
        format!("{}/_lianqiao/bridge/wecom", self.server.client_url())
    }

    /// The app is told of what happens by callbacks; the platform looks at the address before it takes it.
    async fn calls_back(&self) {
        let callback = json!({
            "do": "use_callback", "app": 1_000_002, "url": self.door(), "token": "ScenarioToken", "aes_key": KEY,
        });
        self.does(callback).await;
    }

    /// A new group of Zhang's with the bot.
    async fn group(&self) -> String {
        let group = json!({
            "do": "add_chat", "name": "项目", "owner": "ZhangSan", "people": ["ZhangSan"], "bots": ["aibBridge"],
        });
        self.does(group).await["chat_id"].as_str().unwrap().to_owned()
    }

    /// Zhang says something to the bot in a group.
    async fn addresses(&self, chat: &str, text: &str) {
        let speaks =
            json!({ "do": "speak", "person": "ZhangSan", "chat": chat, "text": text, "at": ["aibBridge"] });
        self.does(speaks).await;
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

    /// Waits until something in a chat of the platform is taken back.
    async fn shows_taken_back(&self, chat: &str) {
        let begin = Instant::now();
        loop {
            let shown = self.does(json!({ "do": "show", "chat": chat })).await;
            if shown["messages"].as_array().unwrap().iter().any(|message| message["recalled"] == true) {
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
    let chat = bridge.group().await;
    bridge.addresses(&chat, "is anybody there?").await;
    let room = bridge.room_of(&format!("group:{chat}")).await;
    bridge.addresses(&chat, "你好 <b>x</b>").await;
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
    bridge.calls_back().await;
    let room = bridge.room_of("user:zhangsan").await;
    bridge.does(json!({ "do": "speak", "person": "ZhangSan", "chat": chat, "text": "来自企业微信" })).await;
    let ghost = bridge.hears(&room, "来自企业微信").await;
    assert!(ghost.starts_with("@wc_zhangsan:"), "one person in any case: {ghost}");
    let said = bridge.alice.sends(&room, "hello to the app").await.event_id();
    bridge.shows(&chat, "hello to the app").await;
    bridge.alice.redacts(&room, &said).await.ok();
    bridge.shows_taken_back(&chat).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_picture_that_wecom_does_not_show_becomes_one_that_it_shows() {
    let bridge = Bridge::new().await;
    let chat = bridge.group().await;
    bridge.addresses(&chat, "hi").await;
    let room = bridge.room_of(&format!("group:{chat}")).await;
    pictures::sends(&bridge.alice, &room, "dot.webp", "image/webp", &pictures::webp()).await;
    let begin = Instant::now();
    let media = loop {
        let shown = bridge.does(json!({ "do": "show", "chat": chat })).await;
        let mut pictures = shown["messages"].as_array().unwrap().iter();
        if let Some(picture) = pictures.find(|message| message["kind"] == "image") {
            break picture["media"].as_str().unwrap().to_owned();
        }
        assert!(begin.elapsed() < PATIENCE, "{shown:#?}\n{}", bridge.log());
        tokio::time::sleep(LOOK_INTERVAL).await;
    };
    let there = bridge.does(json!({ "do": "open", "key": media })).await;
    assert_eq!(pictures::opened(&there), (image::ImageFormat::Jpeg, (40, 20)));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_forged_is_refused_and_stands_in_the_log_by_its_request() {
    let bridge = Bridge::new().await;
    let client = reqwest::Client::builder().no_proxy().build().unwrap();
    let url = bridge.door();
    let body = "<xml><ToUserName>ww</ToUserName><Encrypt>AAAA</Encrypt></xml>";
    for query in ["", "?msg_signature=00&timestamp=1700000000&nonce=n", "?echostr=AAAA"] {
        let answer = client.post(format!("{url}{query}")).body(body).send().await.unwrap();
        let id = answer.headers()["x-request-id"].to_str().unwrap().to_owned();
        assert_eq!(answer.status().as_u16(), 403, "{query}");
        let log = bridge.log();
        let is_told = |line: &str| line.contains(&id) && line.contains("a forged callback is refused");
        assert!(log.lines().any(is_told), "{query}: {log}");
    }
    // What the platform itself says is heard as before.
    let chat = bridge.group().await;
    bridge.addresses(&chat, "is anybody there?").await;
    let room = bridge.room_of(&format!("group:{chat}")).await;
    bridge.addresses(&chat, "not forged").await;
    bridge.hears(&room, "not forged").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_customer_is_answered_from_a_room_as_often_as_the_platform_lets_it() {
    let bridge = Bridge::with("customer_service = true\n").await;
    bridge.calls_back().await;
    let account = json!({ "do": "add_account", "name": "客服", "servicers": ["ZhangSan"] });
    let account = bridge.does(account).await["open_kfid"].as_str().unwrap().to_owned();
    let customer = "wmAbCdEfGhIjKlMnOpQrStUvWx";
    bridge.does(json!({ "do": "add_customer", "external_userid": customer, "name": "王先生" })).await;
    let enter = json!({ "do": "enter_service", "external_userid": customer, "open_kfid": account });
    let chat = bridge.does(enter).await["chat_id"].as_str().unwrap().to_owned();
    let speaks = |text: &str| json!({ "do": "speak", "person": customer, "chat": chat, "text": text });
    bridge.does(speaks("有人吗？")).await;
    let room = bridge.room_of(&format!("service:{account}|{customer}")).await;
    bridge.does(speaks("你好")).await;
    let ghost = bridge.hears(&room, "你好").await;
    let profile = bridge.alice.get(&format!("/_matrix/client/v3/profile/{ghost}")).await.ok();
    let name = profile["displayname"].as_str().unwrap();
    assert!(name.starts_with("王先生") && name.contains("外部"), "{name}");
    for words in ["one", "two", "three", "four", "five", "six"] {
        bridge.alice.sends(&room, words).await.ok();
    }
    bridge.shows(&chat, "five").await;
    let begin = Instant::now();
    loop {
        let history = bridge.alice.whole_history(&room).await;
        let is_told = |event: &Value| {
            event["content"]["body"].as_str().is_some_and(|body| body.contains("等客户再次来信后送出"))
        };
        if history.iter().any(is_told) {
            break;
        }
        assert!(begin.elapsed() < PATIENCE, "{history:#?}\n{}", bridge.log());
        tokio::time::sleep(LOOK_INTERVAL).await;
    }
    bridge.does(speaks("还有一个问题")).await;
    bridge.shows(&chat, "six").await;
    let slip = bridge.alice.sends(&room, "a slip").await.event_id();
    bridge.shows(&chat, "a slip").await;
    bridge.alice.redacts(&room, &slip).await.ok();
    bridge.shows_taken_back(&chat).await;
}
