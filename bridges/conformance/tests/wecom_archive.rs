//! WeCom's paid chat archive from end to end: the simulator, a library with the functions of the platform's own, the helper process
//! in C that loads it, and our connector. Both are built here by the machine's own compiler.
#![expect(clippy::unwrap_used, reason = "what cannot be had in a test fails it")]

use std::{
    path::{Path, PathBuf},
    process::Command,
    sync::{Arc, OnceLock},
    time::Duration,
};

use bridge_api::{
    Arrival, CheckOutcome, CheckStep, Clock, Connector, Content, ConversationId, Failure, Happened,
    MessageId, Rng, Secret, Shutdown,
};
use conformance::{MemoryInbox, MemoryShelf, limits::PATIENCE};
use connector_wecom::{App, ArchiveKey, ArchiveSettings, Intervals, WeCom, WeComSettings};
use futures_util::StreamExt as _;
use serde_json::{Value, json};
use simulator_wecom::{Settings, Simulator};
use tokio::task::JoinHandle;

const AGENT: u64 = 1_000_002;
const SECRET: &str = "the secret of the app";
const ARCHIVE_SECRET: &str = "the secret of the archive";
const VERSION: u64 = 3;
const PUBLIC_KEY: &str = include_str!("../../connectors/wecom/src/archive/tests/public_key.pem");
const PRIVATE_KEY: &str = include_str!("../../connectors/wecom/src/archive/tests/private_key.pem");
const OTHER_PRIVATE_KEY: &str =
    include_str!("../../connectors/wecom/src/archive/tests/other_private_key.pem");

/// The folder with the helper and the library, which are built once.
fn built() -> &'static Path {
    static BUILT: OnceLock<PathBuf> = OnceLock::new();
    BUILT.get_or_init(|| {
        let out = PathBuf::from(env!("CARGO_TARGET_TMPDIR"));
        for folder in ["../connectors/wecom/archive-helper", "../simulators/wecom/archive-library"] {
            let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join(folder);
            let made = Command::new("make")
                .arg("-C")
                .arg(folder)
                .arg(format!("OUT={}", out.display()))
                .output()
                .unwrap();
            assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
        }
        out
    })
}

/// A company with an archive and a group.
struct World {
    simulator: Simulator,
    corp_id: String,
    chat: String,
    room: String,
    shelf: Arc<MemoryShelf>,
    inbox: Arc<MemoryInbox>,
}

impl World {
    async fn new() -> Self {
        let clock = Clock::system();
        let simulator = Simulator::start(Settings::new(1, Arc::new(move || clock.now_ms()))).await.unwrap();
        let act = async |command: Value| simulator.perform(command).await.unwrap();
        for person in ["zhang", "li"] {
            act(json!({"do": "add_person", "user_id": person, "name": person})).await;
        }
        let made = act(json!({"do": "add_app", "app": AGENT, "secret": SECRET, "name": "Bridge"})).await;
        let corp_id = made["corp_id"].as_str().unwrap().to_owned();
        let archive = json!({"do": "use_archive", "secret": ARCHIVE_SECRET, "version": VERSION, "public_key": PUBLIC_KEY});
        act(archive).await;
        let chat =
            act(json!({"do": "add_chat", "name": "Sales", "owner": "zhang", "people": ["zhang", "li"]}))
                .await;
        let chat = chat["chat_id"].as_str().unwrap().to_owned();
        let shown = act(json!({"do": "show_archive", "chat": chat})).await;
        let room = shown["room"].as_str().unwrap().to_owned();
        Self { simulator, corp_id, chat, room, shelf: Arc::default(), inbox: Arc::default() }
    }

    async fn act(&self, command: Value) -> Value {
        self.simulator.perform(command).await.unwrap()
    }

    fn settings(&self) -> WeComSettings {
        let out = built();
        WeComSettings {
            api_url: self.simulator.api_url().parse().unwrap(),
            corp_id: self.corp_id.clone(),
            app: Some(App { agent_id: AGENT, secret: Secret::new(SECRET), callback: None }),
            bot: None,
            archive: Some(ArchiveSettings {
                secret: Secret::new(ARCHIVE_SECRET),
                helper: out.join("archive_helper"),
                library: out.join("libWeWorkFinanceSdk_C.so"),
                private_keys: vec![ArchiveKey { version: VERSION, pem: Secret::new(PRIVATE_KEY) }],
                // The library asks the simulator, whose address it takes for a proxy.
                proxy: self.simulator.api_url(),
                proxy_password: Secret::new(""),
                rooms: Vec::new(),
                direct_chats: false,
                own_robots: Vec::new(),
            }),
            service: None,
            webhooks: Vec::new(),
            group_chats: Vec::new(),
            file_hosts: Vec::new(),
            authorities: Arc::new(rustls::RootCertStore::empty()),
            intervals: Intervals::default(),
        }
    }

    fn connector(&self, settings: WeComSettings) -> Arc<WeCom> {
        Arc::new(WeCom::new(settings, self.shelf.clone(), Clock::system(), Rng::seeded(1)).unwrap())
    }

    /// Runs the connector of the settings that `change` makes of the right ones.
    fn run(&self, change: impl FnOnce(&mut ArchiveSettings)) -> Runs {
        let mut settings = self.settings();
        change(settings.archive.as_mut().unwrap());
        let connector = self.connector(settings);
        let (shutdown, inbox) = (Shutdown::new(), self.inbox.clone());
        let (running, until) = (connector.clone(), shutdown.clone());
        let task = tokio::spawn(async move { running.run(inbox, until).await });
        Runs { connector, shutdown, task }
    }

    /// Somebody says something in the group; answers what the archive calls it.
    async fn says(&self, person: &str, words: &str) {
        self.act(json!({"do": "speak", "person": person, "chat": self.chat, "text": words})).await;
    }

    fn words(&self) -> Vec<String> {
        self.inbox.messages().iter().map(|message| message.parts[0].to_plain()).collect()
    }

    /// Waits until these words have come, in this order, and nothing else.
    async fn hears(&self, words: &[&str]) {
        self.inbox.wait("the words", |_| (self.words().len() >= words.len()).then_some(())).await;
        assert_eq!(self.words(), words);
    }

    /// What stands in the archive behind this place is asked for, so everything before it was handed over.
    async fn has_read_all(&self) {
        let all = async {
            loop {
                let shown = self.act(json!({"do": "show_archive", "chat": self.chat})).await;
                if shown["read"] == shown["seq"] {
                    return;
                }
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
        };
        tokio::time::timeout(PATIENCE, all).await.unwrap();
    }

    async fn fail(&self, name: &str, times: u64, path: &str, value: Value) {
        self.act(json!({"do": "fail", "name": name, "times": times, "path": path, "value": value})).await;
    }
}

/// Why steps of a check failed.
fn fails(steps: &[CheckStep]) -> Vec<String> {
    let reason = |step: &CheckStep| match &step.outcome {
        CheckOutcome::Fails { reason, .. } => Some(reason.clone()),
        CheckOutcome::Works(_) | CheckOutcome::Skipped(_) => None,
    };
    steps.iter().filter_map(reason).collect()
}

/// A connector that runs.
struct Runs {
    connector: Arc<WeCom>,
    shutdown: Shutdown,
    task: JoinHandle<Result<(), Failure>>,
}

impl Runs {
    async fn stop(self) {
        self.shutdown.trigger();
        self.task.await.unwrap().unwrap();
    }

    /// Ends it as a kill does.
    async fn kill(self) {
        self.task.abort();
        assert!(self.task.await.unwrap_err().is_cancelled());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn all_that_people_say_in_a_group_comes_and_so_does_what_they_take_back() {
    let world = World::new().await;
    let runs = world.run(|_| {});
    world.says("zhang", "早上好").await;
    let said = world.act(json!({"do": "speak", "person": "li", "chat": world.chat, "text": "oops"})).await;
    world.act(json!({"do": "recall", "person": "li", "message": said["message_id"]})).await;
    world.hears(&["早上好", "oops"]).await;
    let arrivals = world.inbox.arrivals();
    let here = ConversationId::new(format!("room:{}", world.room)).unwrap();
    assert!(arrivals.iter().all(|arrival| arrival.conversation.as_ref() == Some(&here)), "{arrivals:?}");
    let recalled = |arrival: &Arrival| match &arrival.what {
        Happened::Recalled { message, .. } => Some(message.clone()),
        _ => None,
    };
    let recalled: MessageId = world.inbox.hear("what was taken back", recalled).await;
    assert_eq!(recalled, world.inbox.messages()[1].id);
    let group = runs.connector.conversations().unwrap().conversation(&here).await.unwrap().unwrap();
    assert_eq!(group.name, "Sales");
    runs.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_of_several_pieces_is_fetched_through_the_helper() {
    let world = World::new().await;
    let runs = world.run(|_| {});
    let bytes: Vec<u8> = (0..1_300_000_u32).map(|index| index.to_be_bytes()[3]).collect();
    let base64 = base64::Engine::encode(&base64::engine::general_purpose::STANDARD, &bytes);
    let upload = json!({"do": "upload", "kind": "file", "name": "报告.bin", "base64": base64});
    let key = world.act(upload).await["key"].clone();
    let said =
        json!({"do": "say", "person": "zhang", "chat": world.chat, "kind": "file", "content": {"key": key}});
    world.act(said).await;
    let found = |arrival: &Arrival| match &arrival.what {
        Happened::Message(message) => Some((arrival.conversation.clone().unwrap(), message.clone())),
        _ => None,
    };
    let (here, message) = world.inbox.hear("a file", found).await;
    let Content::File(file) = &message.parts[0] else { panic!("{message:?}") };
    assert_eq!((file.name.as_str(), file.size), ("报告.bin", Some(1_300_000)));
    // The helper is killed by the library at the second piece, and another one goes on.
    let mut download = runs.connector.files().unwrap().download(&here, &message.id, file).await.unwrap();
    world.fail("archive.crash", 1, "/archive/media", Value::Null).await;
    let mut read = Vec::new();
    while let Some(piece) = download.bytes.next().await {
        read.extend_from_slice(&piece.unwrap());
    }
    assert!(read == bytes, "{} bytes", read.len());
    runs.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn whatever_goes_wrong_on_the_way_nothing_is_lost_and_nothing_comes_twice() {
    let world = World::new().await;
    world.fail("archive.crash", 1, "/archive/chatdata", Value::Null).await;
    world.fail("archive.code", 1, "/archive/decrypt", json!(10_001)).await;
    world.fail("api.truncated", 1, "/archive/chatdata", Value::Null).await;
    for words in ["1", "2", "3"] {
        world.says("zhang", words).await;
    }
    let runs = world.run(|_| {});
    world.hears(&["1", "2", "3"]).await;
    world.has_read_all().await;
    world.fail("archive.crash", 1, "/archive/decrypt", Value::Null).await;
    world.says("li", "4").await;
    world.says("li", "5").await;
    world.hears(&["1", "2", "3", "4", "5"]).await;
    runs.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bridge_that_was_killed_reads_on_from_where_it_stopped() {
    let world = World::new().await;
    let runs = world.run(|_| {});
    world.says("zhang", "1").await;
    world.hears(&["1"]).await;
    world.has_read_all().await;
    runs.kill().await;
    let before = world.act(json!({"do": "show_archive", "chat": world.chat})).await;
    world.says("zhang", "2").await;
    let runs = world.run(|_| {});
    world.hears(&["1", "2"]).await;
    assert!(before["read"].as_u64().unwrap() > 0);
    runs.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_younger_key_is_waited_for_and_old_ones_stay_good() {
    let world = World::new().await;
    world.says("zhang", "by the old key").await;
    let younger =
        json!({"do": "use_archive", "secret": ARCHIVE_SECRET, "version": 4, "public_key": PUBLIC_KEY});
    world.act(younger).await;
    world.says("zhang", "by the younger key").await;
    let runs = world.run(|_| {});
    world.hears(&["by the old key"]).await;
    // What a check reads begins behind what was handed over.
    let told = async {
        while !fails(&runs.connector.check().await).iter().any(|reason| reason.contains("version 4")) {}
    };
    tokio::time::timeout(PATIENCE, told).await.unwrap();
    runs.stop().await;
    let runs = world.run(|archive| {
        archive.private_keys.push(ArchiveKey { version: 4, pem: Secret::new(PRIVATE_KEY) });
    });
    world.hears(&["by the old key", "by the younger key"]).await;
    runs.stop().await;
}

/// What is made wrong in settings that work.
type Change = &'static dyn Fn(&mut ArchiveSettings);

#[tokio::test(flavor = "multi_thread")]
async fn what_the_settings_lack_is_said_with_what_to_do() {
    let world = World::new().await;
    world.says("zhang", "1").await;
    let out = built();
    let changes: [(&str, Change); 5] = [
        ("make -C", &|archive| archive.helper = "/nowhere/archive_helper".into()),
        ("libWeWorkFinanceSdk_C.so", &|archive| archive.library = "/nowhere/library.so".into()),
        ("no function NewSdk", &|archive| archive.library = "libdl.so.2".into()),
        ("40001", &|archive| archive.secret = Secret::new("wrong")),
        ("another one", &|archive| archive.private_keys[0].pem = Secret::new(OTHER_PRIVATE_KEY)),
    ];
    assert!(out.join("archive_helper").exists());
    for (expected, change) in changes {
        let mut settings = world.settings();
        change(settings.archive.as_mut().unwrap());
        let steps = world.connector(settings).check().await;
        // The app works whatever the archive lacks.
        assert!(steps[0].works(), "{expected}: {steps:?}");
        let reasons = fails(&steps);
        assert!(reasons.iter().any(|reason| reason.contains(expected)), "{expected}: {reasons:?}");
    }
    let steps = world.connector(world.settings()).check().await;
    assert!(fails(&steps).is_empty(), "{steps:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn without_the_library_the_rest_of_the_connector_works() {
    let world = World::new().await;
    let runs = world.run(|archive| archive.library = "/nowhere/library.so".into());
    world.inbox.wait("the line", |inbox| (inbox.ups() > 0).then_some(())).await;
    let person = bridge_api::PersonId::new("li").unwrap();
    assert_eq!(runs.connector.directory().unwrap().person(&person).await.unwrap().unwrap().name, "li");
    runs.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_consent_that_is_missing_is_said_once_in_its_group() {
    let world = World::new().await;
    let outside = "wmAJ2GCAAAXtWyujaWJHDDGi0mACHAAA";
    let consent = json!({"do": "consent", "chat": world.chat, "external_userid": outside, "agrees": false});
    world.act(consent).await;
    for id in ["o1_external", "o2_external"] {
        let entry = json!({"msgid": id, "action": "send", "from": "zhang", "tolist": ["li", outside], "msgtype": "text",
            "text": {"content": id}});
        world.act(json!({"do": "archived", "chat": world.chat, "entry": entry})).await;
    }
    let runs = world.run(|_| {});
    world.inbox.wait("all", |_| (world.words().len() >= 3).then_some(())).await;
    let words = world.words();
    assert!(words[0].contains("did not agree") && words[1..] == ["o1_external", "o2_external"], "{words:?}");
    runs.stop().await;
}
