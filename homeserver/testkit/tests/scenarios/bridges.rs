//! The bridges as people on all sides meet them: the real binary, the real connectors, simulated platforms.

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

async fn platform() -> Simulator {
    let mut settings = Settings::new(1, Arc::new(|| Clock::system().now_ms()));
    // What is not acknowledged comes again soon, so that repeats are met in a test.
    settings.retry_after_ms = vec![500, 1_000, 2_000, 4_000];
    let platform = Simulator::start(settings).await.unwrap();
    let app = Command::AddApp {
        app_id: APP.to_owned(),
        secret: "secret".to_owned(),
        name: "Bridge".to_owned(),
        encrypt_key: None,
    };
    platform.act(app).await.unwrap();
    for (user_id, name) in [("li", "李雷"), ("han", "韩梅梅（飞书）")] {
        let person = Command::AddPerson {
            user_id: user_id.to_owned(),
            name: name.to_owned(),
            email: String::new(),
            department: None,
        };
        platform.act(person).await.unwrap();
    }
    platform
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

async fn server(
    directory: &Path,
    platform: &Simulator,
    more: &str,
    environment: &[(&str, &str)],
) -> ServerProcess {
    let feishu = format!(
        "\n[feishu]\nenabled = true\napp_id = \"{APP}\"\napp_secret = \"secret\"\nbase_url = \"{}\"\n{more}",
        platform.api_url()
    );
    let mut server = ServerProcess::prepare(directory, free_port(), &feishu);
    for (name, value) in environment {
        server.set_environment(name, value);
    }
    server.spawn().await;
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
        let platform = platform().await;
        let chat = group(&platform, "项目").await;
        let server = server(directory.path(), &platform, more, environment).await;
        let alice = server.user("alice").await;
        let room = room_with_bot(&alice).await;
        let bridge = Self { platform, server, alice, room, chat, _directory: directory };
        bridge.binds(&bridge.chat).await;
        bridge
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

#[tokio::test(flavor = "multi_thread")]
async fn a_group_of_feishu_and_a_room_say_the_same() {
    let bridge = Bridge::new().await;
    let message = bridge.speaks(&bridge.chat, "你好 <b>x</b>").await;
    let heard = bridge.hears_until(|heard| !heard.is_empty()).await;
    assert_eq!(bodies(&heard), ["你好 <b>x</b>"]);
    let ghost = heard[0]["sender"].as_str().unwrap();
    let profile = bridge.alice.get(&format!("/_matrix/client/v3/profile/{ghost}")).await.ok();
    assert_eq!(profile["displayname"], "李雷（飞书）");

    let answer = json!({
        "msgtype": "m.text", "body": "> <x> y\n\nhi <at user_id=\"all\"></at>",
        "m.relates_to": { "m.in_reply_to": { "event_id": heard[0]["event_id"] } },
    });
    let said = bridge.alice.sends_event(&bridge.room, "m.room.message", answer).await.event_id();
    let shown = bridge.shows_until(&bridge.chat, |shown| !ours(shown).is_empty()).await;
    let text = ours(&shown)[0];
    assert!(text.contains("alice") && text.contains("hi <at user_id"), "{text}");
    let ours_there = shown.iter().find(|message| message["is_bot"] == true).unwrap();
    assert_eq!(ours_there["parent"], message.as_str());
    assert_eq!(ours_there["mentions"], json!([]), "nobody is addressed by words");

    let edit = json!({
        "msgtype": "m.text", "body": "* bye", "m.new_content": { "msgtype": "m.text", "body": "bye" },
        "m.relates_to": { "rel_type": "m.replace", "event_id": said },
    });
    bridge.alice.sends_event(&bridge.room, "m.room.message", edit).await.ok();
    bridge.shows_until(&bridge.chat, |shown| ours(shown).iter().any(|text| text.contains("bye"))).await;
    bridge.alice.redacts(&bridge.room, &said).await.ok();
    bridge.shows_until(&bridge.chat, |shown| shown.iter().any(|message| message["recalled"] == true)).await;

    let recall = Command::Recall { person: "li".to_owned(), message };
    bridge.platform.act(recall).await.unwrap();
    bridge.hears_until(|heard| heard.iter().all(|event| event["content"]["body"].is_null())).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn two_groups_in_one_room_hear_each_other_once() {
    let bridge = Bridge::new().await;
    let other = group(&bridge.platform, "另一个群").await;
    bridge.binds(&other).await;
    bridge.speaks(&bridge.chat, "一").await;
    let shown = bridge.shows_until(&other, |shown| !ours(shown).is_empty()).await;
    assert!(ours(&shown)[0].contains("李雷") && ours(&shown)[0].contains('一'), "{shown:?}");
    bridge.alice.sends(&bridge.room, "二").await.ok();
    for chat in [&bridge.chat, &other] {
        bridge.shows_until(chat, |shown| ours(shown).iter().any(|text| text.contains('二'))).await;
    }
    let here = bridge.shows_until(&bridge.chat, |_| true).await;
    let there = bridge.shows_until(&other, |_| true).await;
    assert_eq!((ours(&here).len(), ours(&there).len()), (1, 2), "nothing comes back to where it was said");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_code_said_in_a_group_binds_it_and_strangers_bind_nothing() {
    let bridge = Bridge::new().await;
    let other = group(&bridge.platform, "新群").await;
    let code = bridge.code("feishu").await;
    bridge.speaks(&other, "bind wrong-code").await;
    bridge.speaks(&other, &format!("绑定 {code}")).await;
    bridge.until_bound(&other).await;
    bridge.speaks(&other, "三").await;
    let heard = bridge.hears_until(|heard| bodies(heard).contains(&"三")).await;
    assert_eq!(bodies(&heard), ["三"], "the code itself is nobody's business");
}

#[tokio::test(flavor = "multi_thread")]
async fn people_see_what_a_platform_refuses_and_only_who_may_addresses_everybody() {
    let bridge = Bridge::new().await;
    let bob = bridge.server.user("bob").await;
    bridge.alice.invites(&bridge.room, &bob).await.ok();
    bob.joins(&bridge.room).await.ok();
    let loud = |body: &str| json!({ "msgtype": "m.text", "body": body, "m.mentions": { "room": true } });
    bob.sends_event(&bridge.room, "m.room.message", loud("by bob")).await.ok();
    bridge.alice.sends_event(&bridge.room, "m.room.message", loud("by alice")).await.ok();
    let shown = bridge.shows_until(&bridge.chat, |shown| ours(shown).len() >= 2).await;
    let mentions = |name: &str| {
        let said =
            shown.iter().find(|message| message["text"].as_str().is_some_and(|text| text.contains(name)));
        said.unwrap()["mentions"].clone()
    };
    assert_eq!((mentions("by bob"), mentions("by alice")), (json!([]), json!(["all"])));

    bridge.platform.act(Command::Mute { chat: bridge.chat.clone(), muted: true }).await.unwrap();
    let said = bob.sends(&bridge.room, "nobody hears this").await.event_id();
    let path = format!("/_matrix/client/v3/rooms/{}/messages?dir=b&limit=50", bridge.room);
    let is_told = |event: &Value| {
        event["sender"] == BOT
            && event["content"]["m.relates_to"]["m.in_reply_to"]["event_id"] == said.as_str()
    };
    bob.gets_until(&path, |page| page["chunk"].as_array().is_some_and(|chunk| chunk.iter().any(is_told)))
        .await;
    bridge.platform.act(Command::Mute { chat: bridge.chat.clone(), muted: false }).await.unwrap();
    bob.sends(&bridge.room, "everybody hears this").await.ok();
    let shown = bridge.shows_until(&bridge.chat, |shown| ours(shown).len() >= 3).await;
    assert!(ours(&shown)[2].contains("everybody hears this"), "{shown:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn one_room_is_a_group_of_feishu_and_a_group_of_dingtalk() {
    use simulator_dingtalk::{Settings as DingSettings, Simulator as DingSimulator};
    let ding =
        DingSimulator::start(DingSettings::new(1, Arc::new(|| Clock::system().now_ms()))).await.unwrap();
    let does = async |command: Value| ding.act(serde_json::from_value(command).unwrap()).await.unwrap();
    does(json!({ "do": "add_app", "app_id": "dingapp", "secret": "secret", "name": "Bridge" })).await;
    does(json!({ "do": "add_person", "user_id": "zhang", "name": "张三" })).await;
    let chat = json!({
        "do": "add_chat", "name": "钉群", "owner": "zhang", "people": ["zhang"], "bots": ["dingapp"],
    });
    let chat = does(chat).await["chat_id"].as_str().unwrap().to_owned();
    let url = ding.api_url();
    let bridge = Bridge::beside(&format!(
        "\n[dingtalk]\nenabled = true\nclient_id = \"dingapp\"\nclient_secret = \"secret\"\napi_url = \"{url}\"\nold_api_url = \"{url}\"\n"
    ))
    .await;
    let speaks = async |text: String| {
        does(json!({ "do": "speak", "person": "zhang", "chat": chat, "text": text, "at": ["dingapp"] }))
            .await;
    };
    let code = bridge.code("dingtalk").await;
    speaks(format!("绑定 {code}")).await;
    bridge.until_bound(&chat).await;
    speaks("来自钉钉".to_owned()).await;
    let heard = bridge.hears_until(|heard| bodies(heard).iter().any(|body| body.contains("来自钉钉"))).await;
    assert!(heard[0]["sender"].as_str().unwrap().starts_with("@dt_"), "{heard:?}");
    let there = bridge
        .shows_until(&bridge.chat, |shown| ours(shown).iter().any(|text| text.contains("来自钉钉")))
        .await;
    assert!(ours(&there).iter().any(|text| text.contains("张三（钉钉）")), "{there:?}");
    bridge.speaks(&bridge.chat, "来自飞书").await;
    let begin = Instant::now();
    loop {
        let shown = does(json!({ "do": "show", "chat": chat })).await;
        let shown = shown["messages"].as_array().unwrap().clone();
        let said = ours(&shown).into_iter().filter(|text| text.contains("来自飞书") && text.contains("李雷"));
        if said.count() == 1 {
            break;
        }
        assert!(begin.elapsed() < PATIENCE, "{shown:#?}\n{}", bridge.log());
        tokio::time::sleep(LOOK_INTERVAL).await;
    }
}

/// Messages each way in the scenario of kills.
const MESSAGES: usize = 24;

#[tokio::test(flavor = "multi_thread")]
async fn a_kill_in_the_middle_loses_and_doubles_nothing() {
    let mut bridge = Bridge::new().await;
    for round in 0..4 {
        for index in 0..MESSAGES / 4 {
            let number = round * (MESSAGES / 4) + index;
            bridge.speaks(&bridge.chat, &format!("in-{number:03}")).await;
            bridge.alice.sends(&bridge.room, &format!("out-{number:03}")).await.ok();
        }
        bridge.server.kill();
        // Said while nobody listens.
        bridge.speaks(&bridge.chat, &format!("gap-{round}")).await;
        bridge.server.spawn().await;
    }
    let is_whole = |heard: &[Value]| {
        bodies(heard).iter().collect::<std::collections::BTreeSet<_>>().len() >= MESSAGES + 4
    };
    let heard = bridge.hears_until(is_whole).await;
    let numbered: Vec<_> = bodies(&heard).into_iter().filter(|body| body.starts_with("in-")).collect();
    let expected: Vec<_> = (0..MESSAGES).map(|number| format!("in-{number:03}")).collect();
    let mut sorted = numbered.clone();
    sorted.sort_unstable();
    assert_eq!(sorted, expected, "each once");
    assert_eq!(bodies(&heard).iter().filter(|body| body.starts_with("gap-")).count(), 4, "{heard:#?}");

    let count = |shown: &[Value]| ours(shown).iter().filter(|text| text.contains("out-")).count();
    let shown = bridge.shows_until(&bridge.chat, |shown| count(shown) >= MESSAGES).await;
    let said: Vec<_> =
        ours(&shown).into_iter().filter_map(|text| Some(&text[text.find("out-")?..][..7])).collect();
    let expected: Vec<_> = (0..MESSAGES).map(|number| format!("out-{number:03}")).collect();
    assert_eq!(said, expected, "each once and in order");
}
