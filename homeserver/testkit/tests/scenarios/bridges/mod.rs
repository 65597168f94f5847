//! The bridges as people on all sides meet them: the real binary, the real connectors, simulated platforms.

mod alone;
mod binding;
mod calendars;
mod callbacks;
mod cards;
mod carrying;
mod dingtalk;
mod entries;
mod kills;
mod links;
mod login;
mod people;
mod pictures;
mod reserved;
mod rooms;
mod talking;
mod wecom;

use std::{path::Path, sync::Arc};

use base::Clock;
use serde_json::{Value, json};
use simulator_feishu::{Command, Settings, Simulator};
use testkit::{ServerProcess, User, free_port, limits::LOOK_INTERVAL};
use tokio::time::Instant;

pub(crate) const BOT: &str = "@bridge:test.example";
pub(crate) const APP: &str = "cli_bridge";

/// How long something may take that crosses the bridge on a busy machine.
pub(crate) const PATIENCE: std::time::Duration = std::time::Duration::from_secs(60);

/// A server with a bridge, a platform with a group, and somebody on each side.
pub(crate) struct Bridge {
    pub(crate) platform: Simulator,
    pub(crate) server: ServerProcess,
    pub(crate) alice: User,
    pub(crate) room: String,
    pub(crate) chat: String,
    _directory: tempfile::TempDir,
}

/// A platform with people and an app, and the token by which the app knows events that are posted to it. With a key they are
/// encrypted.
async fn platform(encrypt_key: Option<&str>) -> (Simulator, String) {
    let mut settings = Settings::new(1, Arc::new(|| Clock::system().now_ms()));
    // What is not acknowledged comes again soon, so that repeats are met in a test.
    settings.retry_after_ms = vec![500, 1_000, 2_000, 4_000];
    let platform = Simulator::start(settings).await.unwrap();
    let app = Command::AddApp {
        app_id: APP.to_owned(),
        secret: "secret".to_owned(),
        name: "Bridge".to_owned(),
        encrypt_key: encrypt_key.map(str::to_owned),
    };
    let token = platform.act(app).await.unwrap()["verification_token"].as_str().unwrap().to_owned();
    for (user_id, name) in [("li", "李雷"), ("han", "韩梅梅（飞书）")] {
        let person = Command::AddPerson {
            user_id: user_id.to_owned(),
            name: name.to_owned(),
            email: String::new(),
            department: None,
            outside: false,
        };
        platform.act(person).await.unwrap();
    }
    (platform, token)
}

pub(crate) async fn group(platform: &Simulator, name: &str) -> String {
    let chat = Command::AddChat {
        name: name.to_owned(),
        owner: Some("li".to_owned()),
        people: vec!["li".to_owned(), "han".to_owned()],
        bots: vec![APP.to_owned()],
    };
    platform.act(chat).await.unwrap()["chat_id"].as_str().unwrap().to_owned()
}

/// A server that does not run yet, with the bridge to this platform; `more` goes on in its section.
fn prepared(
    directory: &Path,
    port: u16,
    platform: &Simulator,
    more: &str,
    environment: &[(&str, &str)],
) -> ServerProcess {
    let feishu = format!(
        "\n[feishu]\nenabled = true\napp_id = \"{APP}\"\napp_secret = \"secret\"\nbase_url = \"{}\"\nmeetings_read_seconds = 2\n{more}",
        platform.api_url()
    );
    let mut server = ServerProcess::prepare(directory, port, &feishu);
    for (name, value) in environment {
        server.set_environment(name, value);
    }
    server
}

/// A room that the bridge's bot is in.
async fn room_with_bot(alice: &User) -> String {
    let body = json!({ "preset": "private_chat", "invite": [BOT] });
    let made = alice.creates_room_like(body).await.ok();
    let room = made["room_id"].as_str().unwrap().to_owned();
    let path = format!("/_matrix/client/v3/rooms/{room}/joined_members");
    alice.gets_until(&path, |members| members["joined"].get(BOT).is_some()).await;
    room
}

impl Bridge {
    pub(crate) async fn new() -> Self {
        Self::beside("").await
    }

    /// With this configuration beside.
    pub(crate) async fn beside(more: &str) -> Self {
        Self::made(more, &[]).await
    }

    /// The same, reached from outside at an address of its own.
    pub(crate) async fn public(more: &str) -> Self {
        Self::made(more, &[("LIANQIAO__SERVER__PUBLIC_BASE_URL", "https://chat.example.org")]).await
    }

    /// With the bots beside.
    pub(crate) async fn with_bots() -> Self {
        Self::made("", &[("LIANQIAO__BOTS__ENABLED", "true")]).await
    }

    async fn made(more: &str, environment: &[(&str, &str)]) -> Self {
        let directory = tempfile::tempdir().unwrap();
        let (platform, _) = platform(None).await;
        let mut server = prepared(directory.path(), free_port(), &platform, more, environment);
        server.spawn().await;
        Self::between(platform, server, directory).await
    }

    /// Binds a group of the platform to a room of somebody here.
    async fn between(platform: Simulator, server: ServerProcess, directory: tempfile::TempDir) -> Self {
        let chat = group(&platform, "项目").await;
        let alice = server.user("alice").await;
        let room = room_with_bot(&alice).await;
        let bridge = Self { platform, server, alice, room, chat, _directory: directory };
        bridge.binds(&bridge.chat).await;
        bridge
    }

    /// One more room that the bridge's bot is in.
    async fn room_with_bot(&self) -> String {
        room_with_bot(&self.alice).await
    }

    async fn binds(&self, chat: &str) {
        let (is_done, said) = self.server.commands(&["bridge", "bind", "feishu", chat, &self.room]).await;
        assert!(is_done, "{said}");
    }

    pub(crate) async fn speaks(&self, chat: &str, text: &str) -> String {
        let speak = Command::Speak {
            person: "li".to_owned(),
            chat: chat.to_owned(),
            text: text.to_owned(),
            reply_to: None,
            in_thread: false,
        };
        self.platform.act(speak).await.unwrap()["message_id"].as_str().unwrap().to_owned()
    }

    /// Asks the bot for a code that binds a conversation.
    async fn code(&self, platform: &str) -> String {
        self.alice.sends(&self.room, &format!("!bind {platform}")).await.ok();
        let path = format!("/_matrix/client/v3/rooms/{}/messages?dir=b&limit=50", self.room);
        let code_of = |page: &Value| {
            let chunk = page["chunk"].as_array()?.iter();
            let mut said = chunk
                .filter(|event| event["sender"] == BOT)
                .filter_map(|event| event["content"]["body"].as_str());
            said.find_map(|body| Some(body.split_once(": bind ")?.1.trim().to_owned()))
        };
        let page = self.alice.gets_until(&path, |page| code_of(page).is_some()).await;
        code_of(&page).unwrap()
    }

    /// Waits until a conversation is bound to the room.
    async fn until_bound(&self, conversation: &str) {
        self.until_listed(conversation, &self.room).await;
    }

    /// Waits until a conversation is bound to a room.
    pub(crate) async fn until_listed(&self, conversation: &str, room: &str) {
        let begin = Instant::now();
        loop {
            let (_, said) = self.server.commands(&["bridge", "list"]).await;
            if said.lines().any(|line| line.contains(conversation) && line.contains(room)) {
                return;
            }
            assert!(begin.elapsed() < PATIENCE, "{said}\n{}", self.log());
            tokio::time::sleep(LOOK_INTERVAL).await;
        }
    }

    /// Waits until the history of the room is as `is_so` asks for.
    async fn history_until(&self, is_so: impl Fn(&[Value]) -> bool) -> Vec<Value> {
        self.history_within(PATIENCE, is_so).await
    }

    /// The same, for so long.
    async fn history_within(
        &self,
        patience: std::time::Duration,
        is_so: impl Fn(&[Value]) -> bool,
    ) -> Vec<Value> {
        let begin = Instant::now();
        loop {
            let history = self.alice.whole_history(&self.room).await;
            if is_so(&history) {
                return history;
            }
            assert!(begin.elapsed() < patience, "{history:#?}\n{}", self.log());
            tokio::time::sleep(LOOK_INTERVAL).await;
        }
    }

    /// What people of the platform said in the room, in order.
    async fn heard(&self) -> Vec<Value> {
        let history = self.alice.whole_history(&self.room).await;
        let is_theirs = |event: &&Value| {
            event["type"] == "m.room.message"
                && event["sender"]
                    .as_str()
                    .is_some_and(|user| user.starts_with("@fs_") || user.starts_with("@dt_"))
        };
        history.iter().filter(is_theirs).cloned().collect()
    }

    /// Waits until the room holds what `is_so` asks for.
    pub(crate) async fn hears_until(&self, is_so: impl Fn(&[Value]) -> bool) -> Vec<Value> {
        let begin = Instant::now();
        loop {
            let heard = self.heard().await;
            if is_so(&heard) {
                return heard;
            }
            assert!(begin.elapsed() < PATIENCE, "{heard:#?}\n{}", self.log());
            tokio::time::sleep(LOOK_INTERVAL).await;
        }
    }

    /// Waits until a chat of the platform shows what `is_so` asks for.
    pub(crate) async fn shows_until(&self, chat: &str, is_so: impl Fn(&[Value]) -> bool) -> Vec<Value> {
        let begin = Instant::now();
        loop {
            let shown =
                self.platform.act(Command::Show { chat: chat.to_owned(), person: None }).await.unwrap();
            let shown = shown["messages"].as_array().unwrap().clone();
            if is_so(&shown) {
                return shown;
            }
            assert!(begin.elapsed() < PATIENCE, "{shown:#?}\n{}", self.log());
            tokio::time::sleep(LOOK_INTERVAL).await;
        }
    }

    pub(crate) fn log(&self) -> String {
        std::fs::read_to_string(self.server.log_file()).unwrap_or_default()
    }
}

pub(crate) fn bodies(heard: &[Value]) -> Vec<&str> {
    heard.iter().filter_map(|event| event["content"]["body"].as_str()).collect()
}

/// What the app said in a chat.
pub(crate) fn ours(shown: &[Value]) -> Vec<&str> {
    shown
        .iter()
        .filter(|message| message["is_bot"] == true)
        .filter_map(|message| message["text"].as_str())
        .collect()
}
