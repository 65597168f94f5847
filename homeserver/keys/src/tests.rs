//! Behaviour of the crate over the store in memory.

mod claims;
mod remote;
mod removal;
mod restored;

use std::sync::Arc;

use base::Clock;
use model::StreamPos;
use ruma::{DeviceId, OwnedDeviceId, UserId, device_id, server_name, user_id};
use serde_json::value::RawValue;
use store::{Batch, Identity, MemoryKv, Store};

use crate::{
    Keys, KeysError, KeysParts, ToDeviceMessage, ToDeviceTransaction,
    limits::{TO_DEVICE_CONTENT_BYTES_MAX, TRANSACTION_AGE_MS_MAX},
    tables::{FALLBACK_KEY, FallbackKey, ONE_TIME_KEY, OneTimeKey, TO_DEVICE_TRANSACTION},
};

const NOW_MS: u64 = 1_800_000_000_000;

struct World {
    store: Store,
    clock: Clock,
    keys: Keys,
}

async fn world() -> World {
    let engine = Arc::new(MemoryKv::new());
    let clock = Clock::fake(NOW_MS);
    let identity = Identity::new(server_name!("lian.example"), &clock);
    let store = Store::open(engine, crate::tables(), identity, Vec::new()).await.expect("a store");
    let keys = Keys::open(KeysParts { store: store.clone(), clock: clock.clone() }).await.expect("keys");
    World { store, clock, keys }
}

fn alice() -> &'static UserId {
    user_id!("@alice:lian.example")
}

fn bob() -> (&'static UserId, &'static DeviceId) {
    (user_id!("@bob:lian.example"), device_id!("PHONE"))
}

fn content(json: &str) -> Box<RawValue> {
    RawValue::from_string(json.to_owned()).expect("JSON")
}

fn message(device: &DeviceId, body: &str) -> ToDeviceMessage {
    ToDeviceMessage { user: bob().0.to_owned(), device: device.to_owned(), content: content(body) }
}

fn transaction(id: &str) -> ToDeviceTransaction<'_> {
    ToDeviceTransaction {
        sender: alice(),
        device: Some(device_id!("LAPTOP")),
        transaction_id: id,
        kind: "m.test",
    }
}

impl World {
    async fn sends(&self, id: &str, bodies: &[&str]) {
        let messages = bodies.iter().map(|body| message(bob().1, body)).collect();
        self.keys.send_to_device(transaction(id), messages).await.expect("sent");
    }

    async fn pending(&self, after: StreamPos, limit: usize) -> Vec<(StreamPos, String)> {
        let up_to = self.store.frontier();
        let rows =
            self.keys.pending_to_device(&self.store, bob(), (after, up_to), limit).await.expect("rows");
        rows.into_iter().map(|(at, event)| (at, String::from_utf8(event.to_vec()).expect("UTF-8"))).collect()
    }
}

const START: StreamPos = StreamPos::new(0);

#[tokio::test]
async fn messages_come_in_order_and_stay_until_a_later_token_is_seen() {
    let world = world().await;
    world.sends("1", &[r#"{"n":1}"#, r#"{"n":2}"#]).await;
    world.sends("2", &[r#"{"n":3}"#]).await;
    let all = world.pending(START, 100).await;
    let bodies: Vec<&str> = all.iter().map(|(_, body)| body.as_str()).collect();
    assert_eq!(
        bodies,
        [1, 2, 3]
            .map(|n| format!(r#"{{"content":{{"n":{n}}},"sender":"@alice:lian.example","type":"m.test"}}"#))
    );
    assert_eq!(world.pending(START, 2).await, all[..2]);
    assert_eq!(world.pending(all[1].0, 100).await, all[2..]);
    world.keys.delete_received(bob().0, bob().1, all[1].0).await.expect("deleted");
    world.store.commit(Batch::new()).await.expect("a barrier");
    assert_eq!(world.pending(START, 100).await, all[2..]);
}

#[tokio::test]
async fn the_same_request_queues_once_and_another_device_may_reuse_its_id() {
    let world = world().await;
    world.sends("same", &["{}"]).await;
    world.sends("same", &["{}"]).await;
    assert_eq!(world.pending(START, 100).await.len(), 1);
    let other = ToDeviceTransaction { device: Some(device_id!("TABLET")), ..transaction("same") };
    world.keys.send_to_device(other, vec![message(bob().1, "{}")]).await.expect("sent");
    assert_eq!(world.pending(START, 100).await.len(), 2);
}

#[tokio::test]
async fn racing_repetitions_queue_once() {
    let world = world().await;
    let sends = (0..8).map(|_| {
        let keys = world.keys.clone();
        tokio::spawn(async move { keys.send_to_device(transaction("r"), vec![message(bob().1, "{}")]).await })
    });
    for send in sends.collect::<Vec<_>>() {
        send.await.expect("no panic").expect("sent");
    }
    assert_eq!(world.pending(START, 100).await.len(), 1);
}

#[tokio::test]
async fn a_message_that_is_too_large_is_refused_whole() {
    let world = world().await;
    let large = format!("\"{}\"", "x".repeat(TO_DEVICE_CONTENT_BYTES_MAX));
    let messages = vec![message(bob().1, "{}"), message(bob().1, &large)];
    let refused = world.keys.send_to_device(transaction("l"), messages).await;
    assert!(matches!(refused, Err(KeysError::MessageTooLarge { .. })), "{refused:?}");
    assert!(world.pending(START, 100).await.is_empty());
}

#[tokio::test]
async fn transaction_ids_are_forgotten_after_some_hours() {
    let world = world().await;
    world.sends("old", &["{}"]).await;
    world.clock.advance(TRANSACTION_AGE_MS_MAX + 1);
    world.sends("new", &["{}"]).await;
    let key = |id: &str| (alice().to_owned(), "LAPTOP".to_owned(), format!("m.test\n{id}"));
    assert!(!world.store.exists(&TO_DEVICE_TRANSACTION, &key("old")).await.expect("a read"));
    assert!(world.store.exists(&TO_DEVICE_TRANSACTION, &key("new")).await.expect("a read"));
}

#[tokio::test]
async fn a_removed_device_takes_its_queue_and_keys_along() {
    let world = world().await;
    world.sends("1", &["{}"]).await;
    world
        .keys
        .send_to_device(transaction("2"), vec![message(device_id!("OTHER"), "{}")])
        .await
        .expect("sent");
    let mut batch = Batch::new();
    let position = batch.position();
    let key = (bob().0.to_owned(), bob().1.to_owned(), "signed_curve25519".to_owned(), position);
    batch.put(&ONE_TIME_KEY, &key, &OneTimeKey { id: "A".to_owned(), key: "{}".to_owned() });
    world.store.commit(batch).await.expect("stored");
    let before = world.store.frontier();

    let mut batch = Batch::new();
    let devices: [OwnedDeviceId; 1] = [bob().1.to_owned()];
    world.keys.forget_devices(&world.store, &mut batch, bob().0, &devices).await.expect("read");
    world.store.commit(batch).await.expect("stored");

    assert!(world.pending(START, 100).await.is_empty());
    let other = (bob().0, device_id!("OTHER"));
    let up_to = world.store.frontier();
    let kept = world.keys.pending_to_device(&world.store, other, (START, up_to), 10).await.expect("rows");
    assert_eq!(kept.len(), 1, "another device keeps its queue");
    let counts = world.keys.key_counts(&world.store, bob().0, bob().1).await.expect("counts");
    assert_eq!(counts.one_time["signed_curve25519"], 0);
    let changed = world.keys.device_list_changes(&world.store, before, up_to).await.expect("changes");
    assert!(changed.contains(bob().0));
}

#[tokio::test]
async fn key_counts_follow_every_change() {
    let world = world().await;
    let (user, device) = bob();
    let none = world.keys.key_counts(&world.store, user, device).await.expect("counts");
    assert_eq!(none.one_time["signed_curve25519"], 0, "zero is said, not left out");
    assert!(none.unused_fallback.is_empty());
    for (number, used) in [(1_u64, false), (2, true)] {
        let mut batch = Batch::new();
        let position = batch.position();
        let algorithm = "signed_curve25519".to_owned();
        let key = (user.to_owned(), device.to_owned(), algorithm.clone(), position);
        batch.put(&ONE_TIME_KEY, &key, &OneTimeKey { id: number.to_string(), key: "{}".to_owned() });
        let fallback = FallbackKey { id: "F".to_owned(), key: "{}".to_owned(), used };
        batch.put(&FALLBACK_KEY, &(user.to_owned(), device.to_owned(), algorithm), &fallback);
        world.keys.mark_key_counts(&mut batch, user, device);
        world.store.commit(batch).await.expect("stored");
        let counts = world.keys.key_counts(&world.store, user, device).await.expect("counts");
        assert_eq!(counts.one_time["signed_curve25519"], number);
        assert_eq!(counts.unused_fallback.is_empty(), used);
        assert_eq!(counts.changed, world.store.frontier());
    }
}

#[tokio::test]
async fn device_list_changes_survive_a_new_start() {
    let world = world().await;
    let mut batch = Batch::new();
    world.keys.mark_device_list(&world.store, &mut batch, alice()).await.expect("a read");
    world.store.commit(batch).await.expect("stored");
    let again =
        Keys::open(KeysParts { store: world.store.clone(), clock: world.clock.clone() }).await.expect("keys");
    assert_eq!(again.latest_device_list_change(), world.keys.latest_device_list_change());
    let up_to = world.store.frontier();
    let changed = again.device_list_changes(&world.store, START, up_to).await.expect("changes");
    assert_eq!(changed.len(), 1);
    assert!(again.device_list_changes(&world.store, up_to, up_to).await.expect("changes").is_empty());
}
