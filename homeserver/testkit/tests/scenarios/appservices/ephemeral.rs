//! Typing, receipts, presence and messages to devices.

use serde_json::{Value, json};
use testkit::{Bridge, segment};

use super::{CLIENT, shared_room, world};

fn of_type(bridge: &Bridge, kind: &str) -> Vec<Value> {
    bridge.items("ephemeral").into_iter().filter(|event| event["type"] == kind).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_service_that_asks_hears_who_types_reads_and_is_there() {
    for key in ["receive_ephemeral", "de.sorunome.msc2409.push_ephemeral"] {
        let bridge = Bridge::start("irc").await;
        let w = world(&bridge, &format!("{key}: true")).await;
        let [alice, bob] = w.users(["alice", "bob"]).await;
        let (room, _) = shared_room(&w, &bridge, &alice).await;
        let elsewhere = bob.creates_room().await;
        let unread = bob.sends(&elsewhere, "x").await.event_id();
        bob.has_read(&elsewhere, &unread).await.ok();
        let event = alice.sends(&room, "hello").await.event_id();
        alice.has_read(&room, &event).await.ok();
        alice.types(&room, 30_000).await.ok();
        alice.sets_presence("unavailable").await.ok();
        bridge.waits_until("a receipt", |bridge| !of_type(bridge, "m.receipt").is_empty()).await;
        bridge.waits_until("typing", |bridge| !of_type(bridge, "m.typing").is_empty()).await;
        bridge
            .waits_until("presence", |bridge| {
                of_type(bridge, "m.presence").iter().any(|event| {
                    event["sender"] == alice.id.as_str() && event["content"]["presence"] == "unavailable"
                })
            })
            .await;
        let receipt = &of_type(&bridge, "m.receipt")[0];
        assert_eq!(receipt["room_id"], room.as_str());
        assert!(receipt["content"][&event]["m.read"].get(&alice.id).is_some(), "{receipt}");
        let typing = &of_type(&bridge, "m.typing")[0];
        let expected = json!({ "type": "m.typing", "room_id": room, "content": { "user_ids": [alice.id] } });
        assert_eq!(typing, &expected);
        let of_bob =
            of_type(&bridge, "m.presence").into_iter().filter(|event| event["sender"] == bob.id.as_str());
        assert_eq!(of_bob.count(), 0, "bob shares no room with the service");
        assert_eq!(bridge.items("ephemeral"), bridge.items("de.sorunome.msc2409.ephemeral"));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_service_that_does_not_ask_hears_events_alone() {
    let bridge = Bridge::start("irc").await;
    let w = world(&bridge, "").await;
    let alice = w.user("alice").await;
    let (room, _) = shared_room(&w, &bridge, &alice).await;
    let event = alice.sends(&room, "one").await.event_id();
    alice.has_read(&room, &event).await.ok();
    alice.types(&room, 30_000).await.ok();
    alice.stops_typing(&room).await.ok();
    let last = alice.sends(&room, "two").await.event_id();
    bridge.hears_of(&last).await;
    for received in bridge.transactions() {
        let body = received.json();
        assert_eq!(body.as_object().unwrap().keys().collect::<Vec<_>>(), ["events"]);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn messages_to_devices_of_its_users_reach_the_service_once() {
    let bridge = Bridge::start("irc").await;
    let mut w = world(&bridge, "receive_ephemeral: true").await;
    let alice = w.user("alice").await;
    let ghost = bridge.makes_user(&w, "_irc_ghost").await;
    let service = bridge.client(&w);
    service
        .put(&Bridge::acting(&format!("{CLIENT}/devices/PUPPET"), &ghost), json!({}))
        .await
        .expect_status(201);
    bridge.is_down(true);
    for number in 0..3 {
        let path = format!("{CLIENT}/sendToDevice/m.test/{number}");
        let messages = json!({ ghost.as_str(): { "PUPPET": { "number": number } } });
        alice.put(&path, json!({ "messages": messages })).await.ok();
    }
    bridge.waits_until("a try", |bridge| !bridge.transactions().is_empty()).await;
    w.restarts().await;
    bridge.is_down(false);
    bridge.waits_until("the messages", |bridge| bridge.items("to_device").len() >= 3).await;
    let messages = bridge.items("to_device");
    let expected = |number: u32| {
        json!({
            "type": "m.test", "sender": alice.id, "content": { "number": number },
            "to_user_id": ghost, "to_device_id": "PUPPET",
        })
    };
    assert_eq!(messages, [expected(0), expected(1), expected(2)]);
    assert_eq!(messages, bridge.items("de.sorunome.msc2409.to_device"));
    let path =
        format!("{CLIENT}/sync?timeout=0&device_id=PUPPET&filter={}", segment(r#"{"room":{"rooms":[]}}"#));
    let sync = bridge.client(&w).get(&Bridge::acting(&path, &ghost)).await.ok();
    assert_eq!(sync["to_device"]["events"].as_array().map_or(0, Vec::len), 0, "they have moved");
}
