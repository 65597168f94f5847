//! To-device messages, device lists and key counts.

use serde_json::{Value, json};
use testkit::{User, World, segment};

use super::events;

async fn device_of(user: &User) -> String {
    user.get("/_matrix/client/v3/account/whoami").await.ok()["device_id"].as_str().unwrap().to_owned()
}

async fn sends_to_device(user: &User, txn_id: &str, messages: Value) {
    let path = format!("/_matrix/client/v3/sendToDevice/org.lian.test/{txn_id}");
    user.put(&path, json!({"messages": messages})).await.ok();
}

fn numbers(sync: &Value) -> Vec<u64> {
    events(sync, "to_device").iter().map(|event| event["content"]["n"].as_u64().unwrap()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_message_stays_until_its_token_returns() {
    let w = World::start().await;
    let [alice, bob] = w.users(["alice", "bob"]).await;
    bob.syncs().await;
    let device = device_of(&bob).await;
    for _ in 0..2 {
        sends_to_device(&alice, "same", json!({bob.id.as_str(): {&device: {"n": 1}}})).await;
    }
    let since = bob.since().unwrap();
    for _ in 0..2 {
        let sync = bob.sync_with(&format!("timeout=0&since={since}")).await.ok();
        assert_eq!(numbers(&sync), [1], "sent once, told until it is confirmed");
        assert_eq!(sync["to_device"]["events"][0]["sender"], alice.id.as_str());
    }
    bob.syncs().await;
    assert_eq!(numbers(&bob.syncs().await), [] as [u64; 0]);
    // The sync does not wait for the deletion; a later write that was acknowledged comes after it.
    let account_data = format!("/_matrix/client/v3/user/{}/account_data/org.example.later", segment(&bob.id));
    bob.put(&account_data, json!({"a": 1})).await.ok();
    let again = bob.sync_with("timeout=0").await.ok();
    assert_eq!(numbers(&again), [] as [u64; 0], "confirmed messages are gone for good");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_star_reaches_every_device_of_now() {
    let w = World::start().await;
    let [alice, bob] = w.users(["alice", "bob"]).await;
    let phone = bob.on_another_device().await;
    bob.syncs().await;
    phone.syncs().await;
    sends_to_device(&alice, "star", json!({bob.id.as_str(): {"*": {"n": 7}}})).await;
    let tablet = bob.on_another_device().await;
    assert_eq!(numbers(&bob.syncs().await), [7]);
    assert_eq!(numbers(&phone.syncs().await), [7]);
    assert_eq!(numbers(&tablet.syncs().await), [] as [u64; 0]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_long_queue_comes_in_portions_and_in_order() {
    let w = World::start().await;
    let [alice, bob] = w.users(["alice", "bob"]).await;
    bob.syncs().await;
    let device = device_of(&bob).await;
    for number in 0..230_u64 {
        sends_to_device(&alice, &format!("{number}"), json!({bob.id.as_str(): {&device: {"n": number}}}))
            .await;
    }
    let mut all = Vec::new();
    for _ in 0..3 {
        let portion = numbers(&bob.syncs().await);
        assert!(portion.len() <= 100);
        all.extend(portion);
    }
    assert_eq!(all, (0..230).collect::<Vec<u64>>());
}

#[tokio::test(flavor = "multi_thread")]
async fn key_counts_are_there_even_when_they_are_zero() {
    let w = World::start().await;
    let [alice] = w.users(["alice"]).await;
    for _ in 0..2 {
        let sync = alice.syncs().await;
        assert_eq!(sync["device_one_time_keys_count"]["signed_curve25519"], 0);
        assert_eq!(sync["device_unused_fallback_key_types"], json!([]));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn joining_and_leaving_tell_whose_devices_to_look_up_and_to_forget() {
    let w = World::start().await;
    let [alice, bob] = w.users(["alice", "bob"]).await;
    let id = alice.creates_room().await;
    let first = alice.syncs().await;
    assert!(first.get("device_lists").is_none(), "a first sync has none");
    bob.syncs().await;
    bob.joins(&id).await.ok();
    assert_eq!(alice.syncs().await["device_lists"]["changed"], json!([bob.id.as_str()]));
    // Whoever comes in is told of themselves as well.
    assert_eq!(bob.syncs().await["device_lists"]["changed"], json!([alice.id.as_str(), bob.id.as_str()]));
    let phone = bob.on_another_device().await;
    phone.logs_out().await.ok();
    assert_eq!(alice.syncs().await["device_lists"]["changed"], json!([bob.id.as_str()]));
    bob.leaves(&id).await.ok();
    assert_eq!(alice.syncs().await["device_lists"]["left"], json!([bob.id.as_str()]));
    assert_eq!(bob.syncs().await["device_lists"]["left"], json!([alice.id.as_str()]));
}
