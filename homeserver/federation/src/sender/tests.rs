//! Queues over the store in memory: what is owed after an outage, what goes when it is too much, when it is tried again.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use accounts::{AccountSettings, Accounts, AccountsParts};
use base::{Clock, Rng};
use bytes::Bytes;
use futures_util::FutureExt as _;
use futures_util::future::BoxFuture;
use keys::{Keys, KeysParts};
use model::{EventNum, RoomNum, StreamPos};
use parking_lot::Mutex;
use rooms::{CreateRoom, NewEvent, Preset, Rooms, RoomsParts, RoomsSettings, canonical_object};
use ruma::signatures::Ed25519KeyPair;
use ruma::{OwnedServerName, ServerName, owned_server_name, server_name, user_id};
use serde_json::Value;
use store::{Identity, MemoryKv, Scan, Store};
use streams::{Notifier, Numbers};

use super::limits::{BACK_OFF_MS_MIN, QUEUED_EDUS_PER_DESTINATION_MAX, QUEUED_EVENTS_PER_DESTINATION_MAX};
use super::queues::Harvest;
use super::tables::{
    ANNOUNCED_DEVICES, AnnouncedRow, DESTINATION, DestinationRow, LAST_ANNOUNCEMENT, OWED_ROOM, QUEUED_EDU,
    QUEUED_EVENT,
};
use super::{Carrier, Sender, SenderParts, Undelivered};

const NOW_MS: u64 = 1_800_000_000_000;

/// A way that can be cut.
#[derive(Default)]
struct Way {
    is_cut: AtomicBool,
    /// How often something was tried.
    tries: AtomicUsize,
    /// What arrived.
    bodies: Mutex<Vec<Value>>,
}

impl Carrier for Way {
    fn allows(&self, _: &ServerName) -> bool {
        true
    }

    fn carry<'a>(
        &'a self,
        _: &'a ServerName,
        _: &'a str,
        body: Bytes,
    ) -> BoxFuture<'a, Result<(), Undelivered>> {
        async move {
            self.tries.fetch_add(1, Ordering::SeqCst);
            if self.is_cut.load(Ordering::SeqCst) {
                return Err(Undelivered::Unreachable("cut".to_owned()));
            }
            self.bodies.lock().push(serde_json::from_slice(&body).expect("a body is JSON"));
            Ok(())
        }
        .boxed()
    }
}

struct World {
    engine: MemoryKv,
    clock: Clock,
    way: Arc<Way>,
}

/// A server that runs.
struct Running {
    sender: Sender,
    store: Store,
    rooms: Rooms,
}

fn us() -> OwnedServerName {
    owned_server_name!("us.test")
}

fn them() -> &'static ServerName {
    server_name!("them.test")
}

impl World {
    fn new() -> Self {
        Self { engine: MemoryKv::new(), clock: Clock::fake(NOW_MS), way: Arc::default() }
    }

    async fn starts(&self) -> Running {
        let (clock, rng) = (self.clock.clone(), Rng::seeded(5));
        let tables =
            [crate::tables(), rooms::tables(), keys::tables(), accounts::tables(), streams::tables()];
        let identity = Identity::new(&us(), &clock);
        let engine = Arc::new(self.engine.clone());
        let store = Store::open(engine, tables.concat(), identity, Vec::new()).await.expect("a store");
        let accounts = Accounts::new(AccountsParts {
            store: store.clone(),
            clock: clock.clone(),
            rng: rng.clone(),
            server_name: us(),
            settings: AccountSettings::default(),
        });
        let key = Ed25519KeyPair::from_der(&Ed25519KeyPair::generate(), "1".to_owned()).expect("a key");
        let rooms = Rooms::new(RoomsParts {
            numbers: Numbers::new(store.clone()),
            store: store.clone(),
            notifier: Notifier::new(),
            clock: clock.clone(),
            rng: rng.clone(),
            accounts: accounts.clone(),
            server_name: us(),
            signing_key: Arc::new(key),
            settings: RoomsSettings::default(),
        });
        let keys = Keys::open(KeysParts { store: store.clone(), clock: clock.clone() }).await.expect("keys");
        let sender = Sender::open(SenderParts {
            store: store.clone(),
            rooms: rooms.clone(),
            accounts,
            keys,
            clock,
            rng,
            server_name: us(),
            device_names_shared: false,
            carrier: Arc::clone(&self.way) as Arc<dyn Carrier>,
        });
        Running { sender: sender.await.expect("a sender"), store, rooms }
    }
}

impl Running {
    /// A room with so many messages: their numbers and ids.
    async fn room_of(&self, clock: &Clock, messages: usize) -> (RoomNum, Vec<(EventNum, String)>) {
        let alice = user_id!("@alice:us.test");
        // Two rooms of one moment would be the same room.
        clock.advance(1);
        let mut request = CreateRoom::new(alice.to_owned());
        request.preset = Preset::PublicChat;
        let created = self.rooms.create(&request).await.expect("a room");
        let room = self.rooms.room_num(&self.store, &created.room_id).await.expect("a read").expect("a room");
        let mut events = Vec::new();
        for _ in 0..messages {
            let content = canonical_object(r#"{"msgtype":"m.text","body":"hello"}"#).expect("an object");
            let new = NewEvent::message(alice.to_owned(), "m.room.message", content);
            let sent = self.rooms.append(room, new).await.expect("a message");
            events.push((sent.event, sent.event_id.to_string()));
        }
        (room, events)
    }

    /// Does what the feed does with a page.
    async fn queues(&self, fill: impl FnOnce(&Sender, &mut Harvest)) {
        let mut harvest = Harvest::default();
        fill(&self.sender, &mut harvest);
        self.sender.keep_in_bounds(&mut harvest).await.expect("reads");
        let (batch, gathered) = harvest.finish();
        self.store.commit(batch).await.expect("a commit");
        self.sender.queued(gathered);
    }

    /// One turn of the destination, if it has one now; whether it had.
    async fn takes_a_turn(&self, clock: &Clock) -> bool {
        let next = self.sender.0.schedule.lock().next(clock.now_ms());
        let Some(server) = next else { return false };
        assert_eq!(server, them());
        self.sender.turn(&server).await;
        self.sender.0.schedule.lock().ended(&server, clock.now_ms());
        true
    }

    async fn stops(self) {
        self.store.close().await;
    }
}

#[tokio::test]
async fn who_missed_more_than_ten_thousand_events_is_told_the_newest_of_each_room() {
    let world = World::new();
    let running = world.starts().await;
    let [(one, first), (other, second)] =
        [running.room_of(&world.clock, 3).await, running.room_of(&world.clock, 2).await];
    let count = QUEUED_EVENTS_PER_DESTINATION_MAX as u64;
    world.way.is_cut.store(true, Ordering::SeqCst);
    running
        .queues(|sender, harvest| {
            for position in 1..=count + 500 {
                // Only the last of the first room is behind the bound.
                let event = match position {
                    _ if position == count + 500 => (one, first[2].0),
                    _ if position == count => (other, second[1].0),
                    _ if position % 2 == 0 => (one, first[0].0),
                    _ => (one, first[1].0),
                };
                sender.queue_event(them(), StreamPos::new(position), event, harvest);
            }
        })
        .await;
    assert!(running.takes_a_turn(&world.clock).await, "it is tried");
    running.stops().await;

    // The outage ends, and this server was started anew in between.
    world.way.is_cut.store(false, Ordering::SeqCst);
    let running = world.starts().await;
    assert_eq!(running.sender.destination(them()).map(|report| report.queued), Some(0), "rooms are owed");
    world.clock.advance(60_000);
    let mut turns = 0;
    while running.takes_a_turn(&world.clock).await {
        turns += 1;
        assert!(turns < 5, "what is told is bounded by the rooms");
    }
    let bodies = world.way.bodies.lock().clone();
    let arrived: Vec<&Value> =
        bodies.iter().flat_map(|body| body["pdus"].as_array().expect("events")).collect();
    assert_eq!(arrived.len(), 2);
    assert_eq!(running.store.count(&QUEUED_EVENT, Scan::all()).await, Ok(0));
    assert_eq!(running.store.count(&OWED_ROOM, Scan::all()).await, Ok(0));
    // The next event is an ordinary one again.
    running
        .queues(|sender, harvest| {
            sender.queue_event(them(), StreamPos::new(count * 2), (one, first[0].0), harvest)
        })
        .await;
    assert_eq!(running.store.count(&QUEUED_EVENT, Scan::all()).await, Ok(1));
    assert!(running.takes_a_turn(&world.clock).await);
    assert_eq!(running.store.count(&QUEUED_EVENT, Scan::all()).await, Ok(0));
}

#[tokio::test]
async fn what_is_owed_of_a_room_while_a_server_catches_up_is_its_newest_event() {
    let world = World::new();
    let running = world.starts().await;
    let (room, events) = running.room_of(&world.clock, 2).await;
    let count = QUEUED_EVENTS_PER_DESTINATION_MAX as u64;
    running
        .queues(|sender, harvest| {
            for position in 1..=count + 1 {
                sender.queue_event(them(), StreamPos::new(position), (room, events[0].0), harvest);
            }
        })
        .await;
    // Comes while the older ones are still single rows.
    running
        .queues(|sender, harvest| {
            sender.queue_event(them(), StreamPos::new(count + 2), (room, events[1].0), harvest)
        })
        .await;
    while running.takes_a_turn(&world.clock).await {}
    let bodies = world.way.bodies.lock().clone();
    assert_eq!(bodies.len(), 1);
    let newest = running.rooms.pdu(&running.store, events[1].0).await.expect("an event");
    let newest: Value = serde_json::from_slice(newest.json()).expect("JSON");
    assert_eq!(bodies[0]["pdus"], serde_json::json!([newest]));
}

#[tokio::test]
async fn too_many_edus_let_the_oldest_go_and_no_more() {
    let world = World::new();
    let running = world.starts().await;
    let over = 300;
    let total = QUEUED_EDUS_PER_DESTINATION_MAX + over;
    for half in [0..total / 2, total / 2..total] {
        running
            .queues(|sender, harvest| {
                for number in half {
                    let edu = Bytes::from(format!("{{\"number\":{number}}}"));
                    sender.queue_edu(them(), StreamPos::new(1 + number as u64), edu, harvest);
                }
            })
            .await;
    }
    let left = running.store.scan_keys(&QUEUED_EDU, Scan::all().limit(1)).await.expect("a read");
    assert_eq!(left[0].1, StreamPos::new(1 + over as u64));
    let report = running.sender.destination(them()).expect("a destination");
    assert_eq!(report.queued, QUEUED_EDUS_PER_DESTINATION_MAX);
    assert!(running.takes_a_turn(&world.clock).await);
    let sent = world.way.bodies.lock()[0]["edus"].clone();
    assert_eq!(sent[0]["number"], over, "in their order");
}

#[tokio::test]
async fn a_pause_outlives_a_restart_and_the_first_is_of_seconds() {
    let world = World::new();
    let running = world.starts().await;
    let (room, events) = running.room_of(&world.clock, 1).await;
    running
        .queues(|sender, harvest| sender.queue_event(them(), StreamPos::new(9), (room, events[0].0), harvest))
        .await;
    world.way.is_cut.store(true, Ordering::SeqCst);
    assert!(running.takes_a_turn(&world.clock).await);
    assert!(!running.takes_a_turn(&world.clock).await, "it pauses");
    world.clock.advance(BACK_OFF_MS_MIN * 3 / 2);
    assert!(running.takes_a_turn(&world.clock).await, "a second try within seconds");
    let retry_at_ms = running.sender.0.schedule.lock().next_retry_ms().expect("it pauses again");
    running.stops().await;

    world.way.is_cut.store(false, Ordering::SeqCst);
    let running = world.starts().await;
    let waits_to_ms = running.sender.0.schedule.lock().next_retry_ms().expect("it still pauses");
    assert!(waits_to_ms >= retry_at_ms);
    assert!(!running.takes_a_turn(&world.clock).await);
    running.sender.heard_from(them());
    assert!(running.takes_a_turn(&world.clock).await, "who speaks is told at once");
    assert_eq!(world.way.bodies.lock().len(), 1);
}

#[tokio::test]
async fn t34_a_day_of_outage_with_a_restart_costs_few_tries_and_nothing_is_lost_or_doubled() {
    const EVERY_MS: u64 = 10 * 60 * 1_000;
    const EVENTS: usize = 24 * 6;
    let world = World::new();
    let mut running = world.starts().await;
    let (room, events) = running.room_of(&world.clock, EVENTS).await;
    world.way.is_cut.store(true, Ordering::SeqCst);
    for (number, (event, _)) in events.iter().enumerate() {
        let position = StreamPos::new(1_000 + number as u64);
        running.queues(|sender, harvest| sender.queue_event(them(), position, (room, *event), harvest)).await;
        while running.takes_a_turn(&world.clock).await {}
        world.clock.advance(EVERY_MS);
        if number == EVENTS / 2 {
            running.stops().await;
            running = world.starts().await;
        }
    }
    let tries = world.way.tries.load(Ordering::SeqCst);
    assert!((5..60).contains(&tries), "{tries} tries in a day");

    world.way.is_cut.store(false, Ordering::SeqCst);
    running.sender.heard_from(them());
    while running.takes_a_turn(&world.clock).await {}
    let bodies = world.way.bodies.lock().clone();
    assert!(bodies.len() <= EVENTS / 50 + 2, "{} transactions", bodies.len());
    let arrived: Vec<&Value> =
        bodies.iter().flat_map(|body| body["pdus"].as_array().expect("events")).collect();
    let mut expected = Vec::new();
    for (event, _) in &events {
        let pdu = running.rooms.pdu(&running.store, *event).await.expect("an event");
        expected.push(serde_json::from_slice::<Value>(pdu.json()).expect("JSON"));
    }
    assert_eq!(arrived, expected.iter().collect::<Vec<_>>(), "each once, in order");
    assert_eq!(running.store.count(&QUEUED_EVENT, Scan::all()).await, Ok(0));
}

#[tokio::test]
async fn after_a_restore_everybody_is_told_of_devices_anew_and_nobody_is_left_alone() {
    let clock = Clock::fake(NOW_MS);
    let identity = Identity::new(&us(), &clock);
    let store = Store::open(Arc::new(MemoryKv::new()), crate::tables(), identity, Vec::new()).await.unwrap();
    let alice = user_id!("@alice:us.test").to_owned();
    let told = (them().to_owned(), alice.clone());
    let announced = AnnouncedRow {
        stream_id: 7,
        devices: [("PHONE".to_owned(), "digest".to_owned())].into(),
        cross_signing: "digest".to_owned(),
    };
    let down = DestinationRow { failures: 9, retry_at_ms: NOW_MS * 2, ..DestinationRow::default() };
    let mut batch = store::Batch::new();
    batch.put(&ANNOUNCED_DEVICES, &alice, &announced).put(&LAST_ANNOUNCEMENT, &told, &7);
    batch.put(&DESTINATION, them(), &down);
    store.commit(batch).await.unwrap();
    super::after_restore(&store).await.unwrap();
    let announced = store.get(&ANNOUNCED_DEVICES, &alice).await.unwrap().unwrap();
    assert!(announced.stream_id > 1_000, "past every number that was told since the backup");
    assert!(announced.devices.is_empty() && announced.cross_signing.is_empty());
    assert_eq!(
        store.get(&LAST_ANNOUNCEMENT, &told).await.unwrap(),
        None,
        "without predecessor the list is asked for"
    );
    assert_eq!(store.get(&DESTINATION, them()).await.unwrap(), Some(DestinationRow::default()));
}
