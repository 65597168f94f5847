//! A stage: the bridges, a homeserver in memory, a platform by a script, somebody in a room that is a conversation there.
//!
//! Time stands still until a test lets it pass, for the clock and for timers alike; what is written comes to rest in between.

use std::{sync::Arc, time::Duration};

use axum::{
    body::Body,
    http::{Method, Request, StatusCode},
};
use base::{Clock, Rng, Shutdown};
use bridge_api::{ConversationId, Failure, Language, Line, Network};
use kit::{Call, KitSettings, double::Double, texts::Lang};
use ruma::{OwnedServerName, RoomId, UserId};
use serde_json::json;
use store::{Engine, Identity, MemoryKv, Store};
use tokio::task::JoinHandle;
use tower::ServiceExt as _;

use super::Script;
use crate::{BridgePorts, BridgeSettings, Bridges, BridgesParts};

pub(crate) const ALICE: &str = "@alice:test";
pub(crate) const BOT: &str = "@bridge:test";

pub(crate) const CHAT: &str = "oc_1";
const START_MS: u64 = 1_793_840_400_000;
/// One step of time.
const STEP: Duration = Duration::from_millis(100);
/// One step of a time that is long.
const STRIDE: Duration = Duration::from_secs(5);
/// How long a test waits for something.
const PATIENCE: Duration = Duration::from_secs(200);

/// The stage.
pub(crate) struct Stage {
    pub homeserver: Arc<Double>,
    pub platform: Arc<Script>,
    pub bridges: Bridges,
    pub room: String,
    clock: Clock,
    shutdown: Shutdown,
    running: JoinHandle<()>,
    transactions: u64,
    /// What was said and what happened, counted.
    pub counted: u64,
    /// While something blocks, timers wait for the test.
    _blocking: std::sync::mpsc::Sender<()>,
}

impl Drop for Stage {
    fn drop(&mut self) {
        self.shutdown.trigger();
        self.running.abort();
    }
}

impl Stage {
    /// With a platform that has everything.
    pub async fn new() -> Self {
        Self::with(Script::new(), BridgePorts::default()).await
    }

    /// With this platform, and what of the house is there beside.
    pub async fn with(platform: Arc<Script>, ports: BridgePorts) -> Self {
        Self::at(platform, ports, None).await
    }

    /// The same, reached from outside at this address.
    pub async fn at(platform: Arc<Script>, ports: BridgePorts, public_url: Option<&str>) -> Self {
        tokio::time::pause();
        let (blocking, until) = std::sync::mpsc::channel::<()>();
        tokio::task::spawn_blocking(move || until.recv());
        let (clock, rng) = (Clock::fake(START_MS), Rng::seeded(1));
        let homeserver = Arc::new(Double::default());
        let server_name = OwnedServerName::try_from("test").expect("a server name");
        let engine: Arc<dyn Engine> = Arc::new(MemoryKv::new());
        let tables = [kit::tables(), crate::tables()].concat();
        let identity = Identity::new(&server_name, &clock);
        let store = Store::open(engine, tables, identity, Vec::new()).await.expect("the store opens");
        let parts = BridgesParts {
            store,
            clock: clock.clone(),
            rng,
            wire: Arc::clone(&homeserver) as Arc<dyn kit::Wire>,
            server_name,
            kit: KitSettings {
                partners: Vec::new(),
                language: Lang::En,
                takes_over_accounts: false,
                encrypts_direct_chats: false,
                bridge: None,
            },
            settings: BridgeSettings {
                administrators: vec![UserId::parse(ALICE).expect("valid")],
                language: Language::En,
                creates_rooms: false,
                outage_told_after: Duration::from_secs(60),
                mails_after: Some(Duration::from_secs(120)),
                public_url: public_url.map(str::to_owned),
                ffmpeg: None,
            },
            connectors: vec![Arc::clone(&platform) as Arc<dyn bridge_api::Connector>],
            ports,
        };
        let bridges = Bridges::new(parts).await.expect("the bridges are put together");
        let shutdown = Shutdown::new();
        let running = tokio::spawn(bridges.clone().run(shutdown.clone()));
        let mut stage = Self {
            homeserver,
            platform,
            bridges,
            room: String::new(),
            clock,
            shutdown,
            running,
            transactions: 0,
            counted: 0,
            _blocking: blocking,
        };
        stage.line(Line::Up);
        stage.room = stage.room_with_bot().await;
        stage.binds(CHAT, &stage.room.clone()).await;
        stage
    }

    /// A room of alice that the bot is in.
    pub async fn room_with_bot(&mut self) -> String {
        let call = Call::new(Method::POST, &["client", "v3", "createRoom"]).json(json!({ "invite": [BOT] }));
        let room = self.homeserver.does(ALICE, call)["room_id"].as_str().expect("a room").to_owned();
        let of = room.clone();
        let is_in =
            move |stage: &Self| stage.homeserver.state(&of, "m.room.member", BOT)["membership"] == "join";
        self.until("the bot is in the room", is_in).await;
        room
    }

    /// Binds a conversation to a room.
    pub async fn binds(&mut self, chat: &str, room: &str) {
        let lane = (Network::Feishu, conversation(chat));
        let room = RoomId::parse(room).expect("a room");
        self.bridges.bind(lane, &room, ALICE).await.expect("it is bound");
        self.passes(STEP).await;
    }

    /// The connector says how its line is.
    pub fn line(&self, line: Line) {
        self.bridges.inbox(Network::Feishu).line(line);
    }

    /// The connection is lost.
    pub fn is_cut(&self) {
        self.line(Line::Down(Failure::later("the socket is closed")));
    }

    /// What time it is.
    pub fn now_ms(&self) -> u64 {
        self.clock.now_ms()
    }

    /// Lets time pass, and tells the bridges what happened in the rooms.
    pub async fn passes(&mut self, time: Duration) {
        let mut left = time;
        while !left.is_zero() {
            let step = if left > STRIDE * 20 { STRIDE } else { STEP.min(left) };
            left -= step;
            self.tell().await;
            self.clock.advance(u64::try_from(step.as_millis()).expect("short"));
            tokio::time::advance(step).await;
            self.rests().await;
        }
    }

    /// The clock goes on while nothing happens.
    pub fn skips(&self, time: Duration) {
        self.clock.advance(u64::try_from(time.as_millis()).expect("short"));
    }

    /// Lets time pass until something is so.
    pub async fn until(&mut self, what: &str, is_so: impl Fn(&Self) -> bool) {
        let mut waited = Duration::ZERO;
        while !is_so(self) {
            if waited >= PATIENCE {
                let shown = (self.homeserver.events(&self.room), self.platform.words());
                panic!("never: {what}; there is {shown:#?}");
            }
            waited += STEP;
            self.passes(STEP).await;
        }
    }

    /// The bridges are told to stop; how long it takes until they have.
    pub async fn stops(&mut self) -> Duration {
        self.shutdown.trigger();
        let mut waited = Duration::ZERO;
        while !self.running.is_finished() {
            assert!(waited < PATIENCE, "they do not stop");
            waited += STEP;
            self.passes(STEP).await;
        }
        waited
    }

    /// The bridges work again after a stop.
    pub fn starts_again(&mut self) {
        self.shutdown = Shutdown::new();
        self.running = tokio::spawn(self.bridges.clone().run(self.shutdown.clone()));
    }

    /// Work that is under way goes on: the store writes on a thread of its own.
    async fn rests(&self) {
        for _ in 0..4 {
            for _ in 0..32 {
                tokio::task::yield_now().await;
            }
            std::thread::sleep(Duration::from_micros(50));
        }
    }

    /// The homeserver's transaction.
    pub async fn tell(&mut self) {
        let Some(owed) = self.homeserver.take_transaction(&[BOT.to_owned()]) else { return };
        self.transactions += 1;
        let request = Request::put(format!("/_matrix/app/v1/transactions/{}", self.transactions))
            .header("authorization", "Bearer hs")
            .body(Body::from(owed.to_string()))
            .expect("a request");
        let answer = self.bridges.kit().router("hs").oneshot(request).await.expect("an answer");
        assert_eq!(answer.status(), StatusCode::OK);
    }
}

/// A conversation of the platform.
pub(crate) fn conversation(id: &str) -> ConversationId {
    ConversationId::new(id).expect("valid")
}
