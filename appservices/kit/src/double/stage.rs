//! A stage: bots on the kit, people who talk to them, a homeserver in memory between them.

use std::sync::Arc;

use base::{Clock, Rng};
use ruma::{OwnedServerName, OwnedUserId};
use serde_json::Value;
use store::{Engine, Identity, MemoryKv, Store, TableInfo};

use super::{Double, Fault};
use crate::{
    Bot, Bots, Kit, KitParts, KitSettings,
    texts::{Entry, Lang, Texts},
};

/// What is played: which bots, with which tables and texts.
pub struct Play {
    /// The localparts of the bots.
    pub localparts: Vec<&'static str>,
    /// The tables of the bots beside the kit's.
    pub tables: Vec<TableInfo>,
    /// The texts of the bots.
    pub texts: Vec<&'static [Entry]>,
    /// Makes the bots, at each start.
    pub bots: fn(&Kit) -> Vec<Arc<dyn Bot>>,
}

/// The name of the server on the stage.
pub(super) const SERVER_NAME: &str = "test";

/// When the clock of a stage starts: 5 November 2026, 09:00 in China.
const START_MS: u64 = 1_793_840_400_000;

/// How often [`Stage::settle`] goes round before it takes the bots to talk for ever.
const ROUNDS_MAX: usize = 1_000;

/// The stage. Methods that do something for a person panic where the homeserver refuses.
pub struct Stage {
    play: Play,
    engine: Arc<dyn Engine>,
    clock: Clock,
    pub(super) rng: Rng,
    pub(super) homeserver: Arc<Double>,
    running: Option<(Kit, Bots)>,
    transactions: u64,
    bridge: Option<OwnedUserId>,
}

impl Stage {
    /// Sets the stage and starts the bots.
    pub async fn new(play: Play) -> Self {
        Self::beside(play, None).await
    }

    /// As [`Stage::new`], where platforms are bridged by this account.
    pub async fn beside(play: Play, bridge: Option<OwnedUserId>) -> Self {
        let mut stage = Self {
            bridge,
            play,
            engine: Arc::new(MemoryKv::new()),
            clock: Clock::fake(START_MS),
            rng: Rng::seeded(1),
            homeserver: Arc::new(Double::default()),
            running: None,
            transactions: 0,
        };
        stage.start().await;
        stage
    }

    /// The homeserver.
    #[must_use]
    pub fn homeserver(&self) -> &Arc<Double> {
        &self.homeserver
    }

    /// The kit, while the bots run.
    ///
    /// # Panics
    /// Where they do not.
    #[must_use]
    pub fn kit(&self) -> &Kit {
        &self.running.as_ref().expect("the bots run").0
    }

    /// Moves the clock.
    pub fn advance_ms(&self, by_ms: u64) {
        self.clock.advance(by_ms);
    }

    /// Stops the bots where they stand.
    pub async fn stop(&mut self) {
        if let Some((kit, _)) = self.running.take() {
            kit.store().close().await;
        }
    }

    /// Starts the bots on what they kept.
    pub async fn start(&mut self) {
        let server_name = OwnedServerName::try_from(SERVER_NAME).expect("a server name");
        let tables = [crate::tables(), self.play.tables.clone()].concat();
        let identity = Identity::new(&server_name, &self.clock);
        let store = Store::open(Arc::clone(&self.engine), tables, identity, Vec::new()).await;
        let kit = Kit::new(KitParts {
            store: store.expect("the store opens"),
            clock: self.clock.clone(),
            rng: self.rng.clone(),
            wire: Arc::clone(&self.homeserver) as Arc<dyn crate::Wire>,
            server_name,
            localparts: self.play.localparts.clone(),
            texts: Texts::with(&self.play.texts),
            settings: KitSettings {
                partners: vec![OwnedServerName::try_from("partner").expect("a server name")],
                language: Lang::Zh,
                takes_over_accounts: false,
                encrypts_direct_chats: true,
                bridge: self.bridge.clone(),
            },
        });
        let kit = kit.expect("the names of the bots are localparts");
        let bots = Bots::new((self.play.bots)(&kit));
        for bot in bots.iter() {
            kit.prepare_bot(&**bot).await.expect("the bot starts");
        }
        kit.hear_open_cards().await.expect("open cards are read");
        self.running = Some((kit, bots));
    }

    /// Stops and starts the bots.
    pub async fn restart(&mut self) {
        self.stop().await;
        self.start().await;
    }

    /// Tells the bots what happened and has everything come to rest: transactions, timers that are due, letters.
    ///
    /// # Panics
    /// Where the bots never come to rest, or their store fails.
    pub async fn settle(&mut self) {
        let (kit, bots) = self.running.clone().expect("the bots run");
        for _ in 0..ROUNDS_MAX {
            let owed = self.homeserver.take_transaction(&self.bots());
            let mut is_quiet = owed.is_none();
            if let Some(owed) = owed {
                self.transactions += 1;
                kit.take(&self.transactions.to_string(), owed.to_string().as_bytes())
                    .await
                    .expect("the transaction is taken");
            }
            for bot in bots.iter() {
                kit.exchange(bot.localpart()).await.expect("keys are exchanged");
            }
            for bot in bots.iter() {
                while kit.hear_next(&**bot, &bots).await.expect("the bot hears") {
                    is_quiet = false;
                }
            }
            kit.fire_due(&bots).await.expect("the timers fire");
            let failed = kit.carry_once(&bots).await.expect("the outbox can be read");
            // What failed is for the test to look at; the next time it is tried again.
            if !failed.is_empty() || (is_quiet && self.letters_waiting().await == 0) {
                return;
            }
        }
        panic!("the bots do not come to rest");
    }

    /// The users of all bots.
    fn bots(&self) -> Vec<String> {
        self.play.localparts.iter().map(|bot| format!("@{bot}:{SERVER_NAME}")).collect()
    }

    /// Letters that are not sent.
    pub async fn letters_waiting(&self) -> usize {
        self.kit().health().await.outbox
    }

    /// The next request of the bots goes wrong like this.
    pub fn fails_next(&self, fault: Fault) {
        self.homeserver.faults([fault]);
    }

    /// What bots sent into a room, in order: whole events, no memberships.
    #[must_use]
    pub fn events_of_bots(&self, room: &str) -> Vec<Value> {
        let bots = self.bots();
        let is_bot = |event: &Value| bots.iter().any(|bot| event["sender"] == bot.as_str());
        let events = self.homeserver.events(room).into_iter();
        events.filter(|event| is_bot(event) && event["type"] != "m.room.member").collect()
    }

    /// What bots said in a room, in order.
    #[must_use]
    pub fn said(&self, room: &str) -> Vec<String> {
        let messages =
            self.events_of_bots(room).into_iter().filter(|event| event["type"] == "m.room.message");
        messages.filter_map(|event| event["content"]["body"].as_str().map(ToOwned::to_owned)).collect()
    }

    /// The direct chat of a bot and a person, if there is one.
    #[must_use]
    pub fn direct(&self, bot: &str, person: &str) -> Option<String> {
        self.homeserver.direct_rooms_of(&format!("@{bot}:{SERVER_NAME}"), person).pop()
    }
}
