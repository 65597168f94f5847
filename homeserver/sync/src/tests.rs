//! The crate over the store in memory, without HTTP.

use std::{
    collections::BTreeSet,
    future::{Future as _, poll_fn},
    sync::Arc,
    task::Poll,
    time::Duration,
};

use accounts::{AccountSettings, Accounts, AccountsParts};
use base::{Clock, Rng, Shutdown};
use keys::{Keys, KeysParts};
use rooms::{CreateRoom, Joining, NewEvent, Preset, Rooms, RoomsParts, RoomsSettings, canonical_object};
use ruma::{
    OwnedRoomId, OwnedUserId, UserId, presence::PresenceState, server_name, signatures::Ed25519KeyPair,
};
use serde_json::{Value, json};
use store::{Batch, Identity, MemoryKv, Store};
use streams::{Notifier, Numbers};

use crate::{FilterChoice, StateForm, Sync, SyncParts, SyncRequest, SyncSettings, token::SyncToken};

/// A poll that waits costs a connection and this much.
const WAITING_POLL_BYTES_MAX: usize = 4_096;

mod lists;

struct World {
    store: Store,
    accounts: Accounts,
    rooms: Rooms,
    keys: Keys,
    notifier: Notifier,
    shutdown: Shutdown,
    sync: Sync,
}

async fn world() -> World {
    let clock = Clock::fake(1_700_000_000_000);
    let server_name = server_name!("hs.test").to_owned();
    let tables = [streams::tables(), accounts::tables(), keys::tables(), rooms::tables()].concat();
    let identity = Identity::new(&server_name, &clock);
    let store = Store::open(Arc::new(MemoryKv::new()), tables, identity, Vec::new()).await.unwrap();
    let notifier = Notifier::new();
    store.listen(Arc::new(notifier.clone()));
    let rng = Rng::seeded(7);
    let accounts = Accounts::new(AccountsParts {
        store: store.clone(),
        clock: clock.clone(),
        rng: rng.clone(),
        server_name: server_name.clone(),
        settings: AccountSettings::default(),
    });
    let keys = Keys::open(KeysParts { store: store.clone(), clock: clock.clone() }).await.unwrap();
    let signing_key = Ed25519KeyPair::from_der(&Ed25519KeyPair::generate(), "1".to_owned()).unwrap();
    let rooms = Rooms::new(RoomsParts {
        numbers: Numbers::new(store.clone()),
        store: store.clone(),
        notifier: notifier.clone(),
        clock,
        rng,
        accounts: accounts.clone(),
        server_name,
        signing_key: Arc::new(signing_key),
        settings: RoomsSettings { presence_enabled: false, ..RoomsSettings::default() },
    });
    let shutdown = Shutdown::new();
    let sync = Sync::new(SyncParts {
        store: store.clone(),
        notifier: notifier.clone(),
        rooms: rooms.clone(),
        accounts: accounts.clone(),
        keys: keys.clone(),
        shutdown: shutdown.clone(),
        settings: SyncSettings::default(),
    });
    World { store, accounts, rooms, keys, notifier, shutdown, sync }
}

fn user(name: &str) -> OwnedUserId {
    UserId::parse(format!("@{name}:hs.test")).unwrap()
}

fn request(user: &UserId, since: Option<&str>) -> SyncRequest {
    SyncRequest {
        user: user.to_owned(),
        device: Some("DEVICE".into()),
        filter: FilterChoice::Everything,
        since: since.map(ToOwned::to_owned),
        full_state: false,
        state_form: StateForm::Before,
        timeout_ms: 0,
        set_presence: PresenceState::Offline,
    }
}

impl World {
    async fn syncs(&self, user: &UserId, since: Option<&str>) -> Value {
        serde_json::from_slice(&self.sync.answer(request(user, since)).await.unwrap()).unwrap()
    }

    async fn room(&self, creator: &UserId, others: &[&UserId]) -> OwnedRoomId {
        let mut create = CreateRoom::new(creator.to_owned());
        create.preset = Preset::PublicChat;
        let room = self.rooms.create(&create).await.unwrap().room_id;
        for other in others {
            self.rooms.join(&room, other, &Joining::default()).await.unwrap();
        }
        room
    }

    async fn says(&self, room: &OwnedRoomId, sender: &UserId, body: &str) {
        let content = canonical_object(&json!({"msgtype": "m.text", "body": body}).to_string()).unwrap();
        let num = self.rooms.room_num(&self.store, room).await.unwrap().unwrap();
        self.rooms
            .append(num, NewEvent::message(sender.to_owned(), "m.room.message", content))
            .await
            .unwrap();
    }
}

fn next(sync: &Value) -> &str {
    sync["next_batch"].as_str().unwrap()
}

#[tokio::test]
async fn stripped_state_that_is_no_json_is_left_out_and_the_rest_arrives() {
    let w = world().await;
    let [alice, bob] = [user("alice"), user("bob")];
    let room = w.room(&alice, &[]).await;
    w.rooms.invite(&room, &alice, &bob, None).await.unwrap();
    let num = w.rooms.room_num(&w.store, &room).await.unwrap().unwrap();
    let good = r#"{"content":{},"sender":"@a:b","state_key":"","type":"m.room.name"}"#;
    let bad = ["", "null", "[]", "{", r#"{"a":}"#, r#"{}{}"#, "\u{0}"];
    let events = bad.iter().chain([&good]).map(|event| (*event).to_owned()).collect();
    let mut batch = Batch::new();
    batch.put(&rooms::tables::STRIPPED, &(bob.clone(), num), &rooms::tables::StrippedState { events });
    w.store.commit(batch).await.unwrap();
    let sync = w.syncs(&bob, None).await;
    let shown = &sync["rooms"]["invite"][room.as_str()]["invite_state"]["events"];
    assert_eq!(shown, &json!([serde_json::from_str::<Value>(good).unwrap()]));
}

#[tokio::test]
async fn a_wake_without_news_does_not_end_the_wait() {
    let w = world().await;
    let [alice, bob] = [user("alice"), user("bob")];
    let room = w.room(&alice, &[&bob]).await;
    let first = w.syncs(&bob, None).await;
    let poll = SyncRequest { timeout_ms: 60_000, ..request(&bob, Some(next(&first))) };
    let sync = w.sync.clone();
    let waiting = tokio::spawn(async move { sync.answer(poll).await });
    for _ in 0..5 {
        tokio::time::sleep(Duration::from_millis(10)).await;
        w.notifier.wake_user(&bob);
    }
    tokio::time::sleep(Duration::from_millis(20)).await;
    assert!(!waiting.is_finished());
    w.says(&room, &alice, "news").await;
    let body = waiting.await.unwrap().unwrap();
    let body: Value = serde_json::from_slice(&body).unwrap();
    let timeline = &body["rooms"]["join"][room.as_str()]["timeline"]["events"];
    assert_eq!(timeline[0]["content"]["body"], "news");
    assert_eq!(w.notifier.waiters(), 0, "an answered poll waits no longer");
}

#[tokio::test]
async fn no_message_is_lost_or_doubled_under_writes_from_all_sides() {
    const MESSAGES: usize = 60;
    let w = world().await;
    let [alice, bob, carol] = [user("alice"), user("bob"), user("carol")];
    let rooms = [w.room(&alice, &[&bob, &carol]).await, w.room(&carol, &[&bob]).await];
    let first = w.syncs(&bob, None).await;
    let writers = rooms.iter().map(|room| {
        let (rooms, store, room, sender) = (w.rooms.clone(), w.store.clone(), room.clone(), carol.clone());
        tokio::spawn(async move {
            let num = rooms.room_num(&store, &room).await.unwrap().unwrap();
            for number in 0..MESSAGES {
                let content =
                    canonical_object(&json!({"body": format!("{room} {number}")}).to_string()).unwrap();
                rooms
                    .append(num, NewEvent::message(sender.clone(), "m.room.message", content))
                    .await
                    .unwrap();
            }
        })
    });
    let writers: Vec<_> = writers.collect();
    let (mut since, mut seen) = (next(&first).to_owned(), Vec::new());
    let filter = serde_json::from_value(json!({"room": {"timeline": {"limit": 500}}})).unwrap();
    let filter = FilterChoice::Inline(Box::new(filter));
    while seen.len() < 2 * MESSAGES {
        let poll = SyncRequest { timeout_ms: 20_000, filter: filter.clone(), ..request(&bob, Some(&since)) };
        let body: Value = serde_json::from_slice(&w.sync.answer(poll).await.unwrap()).unwrap();
        let joined = body["rooms"]["join"].as_object().expect("a long poll answers with news");
        for part in joined.values() {
            assert_eq!(part["timeline"]["limited"], false);
            for event in part["timeline"]["events"].as_array().unwrap() {
                seen.push(event["content"]["body"].as_str().unwrap().to_owned());
            }
        }
        next(&body).clone_into(&mut since);
    }
    for writer in writers {
        writer.await.unwrap();
    }
    assert_eq!(seen.len(), 2 * MESSAGES);
    assert_eq!(seen.iter().collect::<BTreeSet<_>>().len(), 2 * MESSAGES, "none came twice");
    let order = |room: &OwnedRoomId| -> Vec<&String> {
        seen.iter().filter(|body| body.starts_with(room.as_str())).collect()
    };
    for room in &rooms {
        let expected: Vec<String> = (0..MESSAGES).map(|number| format!("{room} {number}")).collect();
        assert_eq!(order(room), expected.iter().collect::<Vec<_>>());
    }
}

#[tokio::test]
async fn a_token_of_the_future_deletes_no_messages_and_blocks_nobody() {
    let w = world().await;
    let alice = user("alice");
    let room = w.room(&alice, &[]).await;
    let far =
        SyncToken::new(model::StreamPos::new(1 << 40), model::StreamPos::new(1 << 40), 1 << 60).encode();
    let sync = w.syncs(&alice, Some(&far)).await;
    assert!(sync.get("rooms").is_none());
    w.says(&room, &alice, "hello").await;
    let sync = w.syncs(&alice, Some(next(&sync))).await;
    assert_eq!(sync["rooms"]["join"][room.as_str()]["timeline"]["events"][0]["content"]["body"], "hello");
}

#[tokio::test]
async fn a_change_of_key_counts_ends_the_wait_of_its_device() {
    let w = world().await;
    let alice = user("alice");
    let first = w.syncs(&alice, None).await;
    let poll = SyncRequest { timeout_ms: 60_000, ..request(&alice, Some(next(&first))) };
    let sync = w.sync.clone();
    let waiting = tokio::spawn(async move { sync.answer(poll).await });
    tokio::time::sleep(Duration::from_millis(20)).await;
    let mut batch = Batch::new();
    w.keys.mark_key_counts(&mut batch, &alice, "DEVICE".into());
    batch.announce(store::Audience::Device(alice.clone(), "DEVICE".into()));
    w.store.commit(batch).await.unwrap();
    let body = waiting.await.unwrap().unwrap();
    let body: Value = serde_json::from_slice(&body).unwrap();
    assert_eq!(body["device_one_time_keys_count"]["signed_curve25519"], 0);
}

#[tokio::test]
async fn a_stopping_server_answers_at_once() {
    let w = world().await;
    let alice = user("alice");
    let first = w.syncs(&alice, None).await;
    let poll = SyncRequest { timeout_ms: 60_000, ..request(&alice, Some(next(&first))) };
    let sync = w.sync.clone();
    let waiting = tokio::spawn(async move { sync.answer(poll).await });
    tokio::time::sleep(Duration::from_millis(20)).await;
    w.shutdown.trigger();
    let body = tokio::time::timeout(Duration::from_secs(5), waiting).await.unwrap().unwrap().unwrap();
    assert!(serde_json::from_slice::<Value>(&body).unwrap()["next_batch"].is_string());
}

#[tokio::test]
async fn a_first_sync_that_nobody_waited_for_is_there_for_the_retry() {
    let w = world().await;
    let alice = user("alice");
    let room = w.room(&alice, &[]).await;
    let mut abandoned = Box::pin(w.sync.answer(request(&alice, None)));
    let waits = poll_fn(|context| Poll::Ready(abandoned.as_mut().poll(context).is_pending())).await;
    assert!(waits, "the answer takes a moment, and the client hangs up before it comes");
    drop(abandoned);
    tokio::time::sleep(Duration::from_millis(200)).await;
    w.says(&room, &alice, "meanwhile").await;
    let retry = w.syncs(&alice, None).await;
    let timeline = |sync: &Value| sync["rooms"]["join"][room.as_str()]["timeline"]["events"].to_string();
    assert!(!timeline(&retry).contains("meanwhile"), "the retry got the finished answer");
    let sync = w.syncs(&alice, Some(next(&retry))).await;
    assert!(timeline(&sync).contains("meanwhile"), "and nothing is missing after it");
    assert!(timeline(&w.syncs(&alice, None).await).contains("meanwhile"), "an answer is given once");
}

#[tokio::test]
async fn a_waiting_poll_is_small() {
    let w = world().await;
    let poll = w.sync.answer(request(&user("alice"), None));
    let bytes = size_of_val(&poll);
    assert!(bytes <= WAITING_POLL_BYTES_MAX, "{bytes}");
}
