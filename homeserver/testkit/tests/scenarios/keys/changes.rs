//! Whose keys changed is news to those who share a room, and messages to devices wait.

use std::collections::BTreeSet;

use futures_util::future::join_all;
use serde_json::{Value, json};
use testkit::{SigningKey, World, segment};

use super::person::changed;

#[tokio::test(flavor = "multi_thread")]
async fn new_keys_are_news_to_those_who_share_a_room_and_to_nobody_else() {
    let w = World::start().await;
    let [alice, bob, mallory] = w.users(["alice", "bob", "mallory"]).await;
    alice.creates_room_with([&bob]).await;
    for user in [&alice, &bob, &mallory] {
        user.syncs().await;
    }
    let from = alice.since().unwrap();
    bob.uploads_keys_of(&SigningKey::new(1), 1).await.ok();
    let told = alice.syncs_until("bob's keys", |sync| changed(sync) != &Value::Null).await;
    assert_eq!(changed(&told), &json!([bob.id]));
    assert_eq!(changed(&bob.syncs().await), &json!([bob.id]), "one's other devices must hear it too");
    assert_eq!(changed(&mallory.syncs().await), &Value::Null);

    let to = alice.since().unwrap();
    let changes = |from: &str, to: &str| {
        let path = format!("/_matrix/client/v3/keys/changes?from={}&to={}", segment(from), segment(to));
        let alice = alice.clone();
        async move { alice.get(&path).await }
    };
    assert_eq!(changes(&from, &to).await.ok(), json!({"changed": [bob.id], "left": []}));
    assert_eq!(changes(&to, &to).await.ok(), json!({"changed": [], "left": []}));
    changes("garbage", &to).await.fails_as(400, "M_INVALID_PARAM");
}

#[tokio::test(flavor = "multi_thread")]
async fn changes_tell_who_came_and_who_went_while_a_client_was_away() {
    let w = World::start().await;
    let [alice, bob, carol] = w.users(["alice", "bob", "carol"]).await;
    let room = alice.creates_room().await;
    carol.joins(&room).await.ok();
    alice.syncs().await;
    let from = alice.since().unwrap();
    bob.joins(&room).await.ok();
    carol.leaves(&room).await.ok();
    alice.syncs().await;
    let to = alice.since().unwrap();
    let path = format!("/_matrix/client/v3/keys/changes?from={}&to={}", segment(&from), segment(&to));
    assert_eq!(alice.get(&path).await.ok(), json!({"changed": [bob.id], "left": [carol.id]}));
}

#[tokio::test(flavor = "multi_thread")]
async fn t25_a_queue_of_messages_is_bounded_and_the_newest_stay() {
    let w = World::start().await;
    let [alice, bob, gone] = w.users(["alice", "bob", "gone"]).await;
    bob.syncs().await;
    let from = bob.since().unwrap();
    // A request carries one message to a device, so the flood is one of requests.
    let send = |number: u32| {
        let path = format!("/_matrix/client/v3/sendToDevice/org.lian.test/{number}");
        let messages = json!({bob.id.as_str(): {bob.device_id.as_str(): {"n": number}}});
        let alice = alice.clone();
        async move { alice.put(&path, json!({"messages": messages})).await.ok() }
    };
    for hundred in 0..101_u32 {
        join_all((0..100).map(|n| send(hundred * 100 + n))).await;
    }
    let mut received = Vec::new();
    let mut since = from;
    loop {
        let sync = bob.sync_with(&format!("timeout=0&since={}", segment(&since))).await.ok();
        let events = sync["to_device"]["events"].as_array().cloned().unwrap_or_default();
        if events.is_empty() {
            break;
        }
        received.extend(events.iter().map(|event| event["content"]["n"].as_u64().unwrap()));
        since = sync["next_batch"].as_str().unwrap().to_owned();
    }
    assert!(received.len() <= 10_000, "the queue is bounded: {}", received.len());
    assert!(received.len() >= 9_000, "and not emptied: {}", received.len());
    let distinct: BTreeSet<_> = received.iter().copied().collect();
    assert_eq!(distinct.len(), received.len(), "nothing came twice");
    assert!((10_000..10_100).all(|n| distinct.contains(&n)), "the newest stay");
    assert!(distinct.iter().next().is_some_and(|oldest| *oldest >= 100), "the oldest went");

    gone.posts_with_password("/_matrix/client/v3/account/deactivate", json!({})).await.ok();
    let path = "/_matrix/client/v3/sendToDevice/org.lian.test/last";
    let messages = json!({
        gone.id.as_str(): {"*": {"n": 1}},
        "@nobody:elsewhere.example": {"*": {"n": 1}},
    });
    alice.put(path, json!({"messages": messages})).await.ok();
}
