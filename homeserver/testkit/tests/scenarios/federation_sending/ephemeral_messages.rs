//! Typing, receipts, presence, messages to devices and changed devices are told.

use serde_json::{Value, json};
use testkit::limits::LOOK_INTERVAL;
use testkit::{World, segment};

use super::neighbours::{TRANSACTION, ephemeral, shared_room};
use crate::federation_device_lists::hears_of;
use crate::federation_inbound::{Meeting, meeting};

#[tokio::test]
async fn typing_and_receipts_are_seen_elsewhere() {
    let [a, b] = World::federated(["a", "b"]).await;
    let ([alice], [bob]) = (a.users(["alice"]).await, b.users(["bob"]).await);
    let room = shared_room(&alice, &bob, &a).await;
    let message = alice.sends(&room, "read this").await.event_id();
    bob.waits_for_event(&room, &message).await;

    bob.types(&room, 30_000).await.ok();
    alice
        .syncs_until("bob to type", |body| {
            ephemeral(body, &room, "m.typing")
                .is_some_and(|event| event["content"]["user_ids"] == json!([bob.id]))
        })
        .await;
    bob.stops_typing(&room).await.ok();
    alice
        .syncs_until("bob to stop", |body| {
            ephemeral(body, &room, "m.typing").is_some_and(|event| event["content"]["user_ids"] == json!([]))
        })
        .await;

    bob.has_read(&room, &message).await.ok();
    alice
        .syncs_until("bob's receipt", |body| {
            ephemeral(body, &room, "m.receipt")
                .is_some_and(|event| event["content"][&message]["m.read"].get(&bob.id).is_some())
        })
        .await;
}

#[tokio::test]
async fn presence_is_seen_elsewhere() {
    let [a, b] = World::federated(["a", "b"]).await;
    let ([alice], [bob]) = (a.users(["alice"]).await, b.users(["bob"]).await);
    shared_room(&alice, &bob, &a).await;
    let path = format!("/_matrix/client/v3/presence/{}/status", segment(&bob.id));
    bob.put(&path, json!({"presence": "unavailable", "status_msg": "at lunch"})).await.ok();
    alice
        .syncs_until("bob's status", |body| {
            let events = body["presence"]["events"].as_array().cloned().unwrap_or_default();
            events
                .iter()
                .any(|event| event["sender"] == bob.id && event["content"]["status_msg"] == "at lunch")
        })
        .await;
}

#[tokio::test]
async fn of_presence_that_waits_only_the_last_is_told() {
    let Meeting { peer, alice, .. } = meeting().await;
    let statuses = || -> Vec<String> {
        let edus = peer.edus().into_iter().filter(|edu| edu["edu_type"] == "m.presence");
        let updates = edus.flat_map(|edu| edu["content"]["push"].as_array().cloned().unwrap_or_default());
        let of_alice = updates.filter(|update| update["user_id"] == alice.id);
        of_alice.filter_map(|update| Some(update["status_msg"].as_str()?.to_owned())).collect()
    };
    let says = async |text: &str| {
        let path = format!("/_matrix/client/v3/presence/{}/status", segment(&alice.id));
        alice.put(&path, json!({ "presence": "online", "status_msg": text })).await.ok();
    };
    let sent = || peer.asked().iter().filter(|asked| asked.contains(TRANSACTION)).count();
    let before = sent();
    peer.holds(TRANSACTION);
    says("one").await;
    while sent() == before {
        tokio::time::sleep(LOOK_INTERVAL).await;
    }
    for text in ["two", "three", "four", "five"] {
        says(text).await;
    }
    peer.lets_go(TRANSACTION);
    while statuses().last().is_none_or(|last| last != "five") {
        tokio::time::sleep(LOOK_INTERVAL).await;
    }
    let mut told = statuses();
    told.dedup();
    assert_eq!(told, ["one", "five"]);
}

#[tokio::test]
async fn messages_to_devices_arrive_and_survive_an_outage() {
    let [a, mut b] = World::federated(["a", "b"]).await;
    let ([alice], [bob]) = (a.users(["alice"]).await, b.users(["bob"]).await);
    shared_room(&alice, &bob, &a).await;
    let arrived = |body: &Value, text: &str| {
        let events = body["to_device"]["events"].as_array().cloned().unwrap_or_default();
        events.iter().any(|event| event["content"]["body"] == text && event["sender"] == alice.id)
    };
    let path = |id: &str| format!("/_matrix/client/v3/sendToDevice/m.test/{id}");
    let body = json!({"messages": {&bob.id: {&bob.device_id: {"body": "first"}}}});
    alice.put(&path("one"), body).await.ok();
    bob.syncs_until("the first message", |body| arrived(body, "first")).await;
    b.stops().await;
    let body = json!({"messages": {&bob.id: {"*": {"body": "second"}}}});
    alice.put(&path("two"), body).await.ok();
    b.starts_again().await;
    bob.syncs_until("the second message", |body| arrived(body, "second")).await;
}

#[tokio::test]
async fn changed_devices_are_announced_elsewhere() {
    let [a, b] = World::federated(["a", "b"]).await;
    let ([alice], [bob]) = (a.users(["alice"]).await, b.users(["bob"]).await);
    shared_room(&alice, &bob, &a).await;
    bob.syncs().await;
    let path = format!("/_matrix/client/v3/devices/{}", segment(&alice.device_id));
    alice.put(&path, json!({"display_name": "a new name"})).await.ok();
    hears_of(&bob, &alice.id).await;
}
