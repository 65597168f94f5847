//! Receipts, read markers, unread counts, typing and presence, as others see them.

use serde_json::{Value, json};
use testkit::{User, World, segment};

fn room_of<'a>(sync: &'a Value, room: &str) -> &'a Value {
    &sync["rooms"]["join"][room]
}

fn ephemeral<'a>(sync: &'a Value, room: &str, kind: &str) -> Option<&'a Value> {
    let events = room_of(sync, room)["ephemeral"]["events"].as_array()?;
    events.iter().find(|event| event["type"] == kind).map(|event| &event["content"])
}

async fn reads(user: &User, room: &str, kind: &str, event: &str, body: Value) -> testkit::Answer {
    user.room_action(room, &format!("receipt/{kind}/{}", segment(event)), body).await
}

/// Notifications, highlights of the whole room or, with threads asked for, of main and one thread.
async fn counts(user: &User, room: &str) -> (u64, u64) {
    let sync = user.sync_with("timeout=0").await.ok();
    let counts = &room_of(&sync, room)["unread_notifications"];
    (counts["notification_count"].as_u64().unwrap_or(0), counts["highlight_count"].as_u64().unwrap_or(0))
}

async fn threaded_counts(user: &User, room: &str, root: &str) -> (u64, u64) {
    let filter = json!({"room": {"timeline": {"unread_thread_notifications": true}}});
    let sync = user.sync_with(&format!("timeout=0&filter={}", segment(&filter.to_string()))).await.ok();
    let room = room_of(&sync, room);
    let thread = &room["unread_thread_notifications"][root]["notification_count"];
    (room["unread_notifications"]["notification_count"].as_u64().unwrap_or(0), thread.as_u64().unwrap_or(0))
}

#[tokio::test(flavor = "multi_thread")]
async fn t16_an_older_receipt_changes_nothing() {
    let w = World::start().await;
    let [alice, bob] = w.users(["alice", "bob"]).await;
    let room = alice.creates_room_with([&bob]).await;
    let one = alice.sends(&room, "one").await.event_id();
    let two = alice.sends(&room, "two").await.event_id();
    bob.has_read(&room, &two).await.ok();
    alice
        .syncs_until("the receipt", |sync| {
            ephemeral(sync, &room, "m.receipt")
                .is_some_and(|content| content[&two]["m.read"].get(&bob.id).is_some())
        })
        .await;
    bob.has_read(&room, &one).await.ok();
    bob.has_read(&room, &two).await.ok();
    let sync = alice.syncs().await;
    assert_eq!(ephemeral(&sync, &room, "m.receipt"), None, "neither was news");
}

#[tokio::test(flavor = "multi_thread")]
async fn private_receipts_are_shown_to_their_owner_alone() {
    let w = World::start().await;
    let [alice, bob] = w.users(["alice", "bob"]).await;
    let room = alice.creates_room_with([&bob]).await;
    let event = alice.sends(&room, "hello").await.event_id();
    reads(&bob, &room, "m.read.private", &event, json!({})).await.ok();
    let own = bob.sync_with("timeout=0").await.ok();
    let own = ephemeral(&own, &room, "m.receipt").expect("the own receipt");
    assert!(own[&event]["m.read.private"].get(&bob.id).is_some());
    let others = alice.sync_with("timeout=0").await.ok();
    assert_eq!(ephemeral(&others, &room, "m.receipt"), None);
}

#[tokio::test(flavor = "multi_thread")]
async fn t16_receipts_outside_the_room_and_of_strangers_are_refused() {
    let w = World::start().await;
    let [alice, bob] = w.users(["alice", "bob"]).await;
    let room = alice.creates_room().await;
    let other_room = alice.creates_room().await;
    let event = alice.sends(&room, "hello").await.event_id();
    let elsewhere = alice.sends(&other_room, "hello").await.event_id();
    reads(&alice, &room, "m.read", &elsewhere, json!({})).await.fails_as(404, "M_NOT_FOUND");
    reads(&alice, &room, "m.read", "$nothing", json!({})).await.fails_as(404, "M_NOT_FOUND");
    reads(&alice, &room, "m.seen", &event, json!({})).await.fails_as(400, "M_INVALID_PARAM");
    reads(&alice, &room, "m.read", &event, json!({"thread_id": ""})).await.fails_as(400, "M_INVALID_PARAM");
    reads(&alice, &room, "m.read", &event, json!({"thread_id": "$other"}))
        .await
        .fails_as(400, "M_INVALID_PARAM");
    reads(&alice, &room, "m.fully_read", &event, json!({"thread_id": "main"}))
        .await
        .fails_as(400, "M_INVALID_PARAM");
    reads(&bob, &room, "m.read", &event, json!({})).await.fails_as(403, "M_FORBIDDEN");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_read_marker_is_account_data() {
    let w = World::start().await;
    let [alice] = w.users(["alice"]).await;
    let room = alice.creates_room().await;
    let one = alice.sends(&room, "one").await.event_id();
    let two = alice.sends(&room, "two").await.event_id();
    alice.room_action(&room, "read_markers", json!({"m.fully_read": two, "m.read": one})).await.ok();
    alice.room_action(&room, "read_markers", json!({"m.fully_read": one})).await.ok();
    let sync = alice.sync_with("timeout=0").await.ok();
    let marker = room_of(&sync, &room)["account_data"]["events"].as_array().expect("account data").clone();
    let marker = marker.iter().find(|event| event["type"] == "m.fully_read").expect("the marker");
    assert_eq!(marker["content"]["event_id"], two.as_str(), "it does not go back");
}

#[tokio::test(flavor = "multi_thread")]
async fn unread_messages_are_counted_and_read() {
    let w = World::start().await;
    let [alice, bob] = w.users(["alice", "bob"]).await;
    let room = alice.creates_room_with([&bob]).await;
    assert_eq!(counts(&bob, &room).await, (0, 0));
    let one = alice.sends(&room, "one").await.event_id();
    let mention = json!({"msgtype": "m.text", "body": "you", "m.mentions": {"user_ids": [bob.id]}});
    let two = alice.sends_event(&room, "m.room.message", mention).await.event_id();
    assert_eq!(counts(&bob, &room).await, (2, 1));
    assert_eq!(counts(&alice, &room).await, (0, 0), "the own messages are read");
    bob.has_read(&room, &one).await.ok();
    assert_eq!(counts(&bob, &room).await, (1, 1));
    alice.redacts(&room, &two).await.ok();
    assert_eq!(counts(&bob, &room).await, (0, 0), "a redacted message is no longer unread");
    alice.sends(&room, "three").await.ok();
    bob.sends(&room, "I am here").await.ok();
    assert_eq!(counts(&bob, &room).await, (0, 0), "who writes has read");
}

#[tokio::test(flavor = "multi_thread")]
async fn threads_are_counted_and_read_apart() {
    let w = World::start().await;
    let [alice, bob] = w.users(["alice", "bob"]).await;
    let room = alice.creates_room_with([&bob]).await;
    let root = alice.sends(&room, "root").await.event_id();
    let reply = alice.replies_in_thread(&room, &root, "reply").await.event_id();
    alice.replies_in_thread(&room, &root, "again").await.ok();
    let main = alice.sends(&room, "main").await.event_id();
    assert_eq!(threaded_counts(&bob, &room, &root).await, (2, 2));
    assert_eq!(counts(&bob, &room).await, (4, 0));
    reads(&bob, &room, "m.read", &main, json!({"thread_id": "main"})).await.ok();
    assert_eq!(threaded_counts(&bob, &room, &root).await, (0, 2));
    reads(&bob, &room, "m.read", &reply, json!({"thread_id": root})).await.ok();
    assert_eq!(threaded_counts(&bob, &room, &root).await, (0, 1));
    bob.has_read(&room, &main).await.ok();
    assert_eq!(threaded_counts(&bob, &room, &root).await, (0, 0));
}

#[tokio::test(flavor = "multi_thread")]
async fn typing_is_seen_and_ends_by_itself() {
    let w = World::start().await;
    let [alice, bob, carol] = w.users(["alice", "bob", "carol"]).await;
    let room = alice.creates_room_with([&bob]).await;
    bob.syncs().await;
    alice.types(&room, 300).await.ok();
    let typing = |sync: &Value| ephemeral(sync, &room, "m.typing").map(|content| content["user_ids"].clone());
    bob.syncs_until("alice types", |sync| typing(sync) == Some(json!([alice.id]))).await;
    bob.syncs_until("alice stopped", |sync| typing(sync) == Some(json!([]))).await;
    alice.types(&room, 30_000).await.ok();
    bob.syncs_until("alice types again", |sync| typing(sync) == Some(json!([alice.id]))).await;
    alice.stops_typing(&room).await.ok();
    bob.syncs_until("alice said so", |sync| typing(sync) == Some(json!([]))).await;
    carol.types(&room, 1_000).await.fails_as(403, "M_FORBIDDEN");
}

#[tokio::test(flavor = "multi_thread")]
async fn presence_is_for_those_who_share_a_room() {
    let w = World::start().await;
    let [alice, bob, carol] = w.users(["alice", "bob", "carol"]).await;
    alice.creates_room_with([&bob]).await;
    bob.syncs().await;
    let path = format!("/_matrix/client/v3/presence/{}/status", segment(&alice.id));
    alice.put(&path, json!({"presence": "unavailable", "status_msg": "lunch"})).await.ok();
    bob.syncs_until("alice is at lunch", |sync| {
        sync["presence"]["events"].as_array().is_some_and(|events| {
            events.iter().any(|event| {
                event["sender"] == alice.id.as_str() && event["content"]["status_msg"] == "lunch"
            })
        })
    })
    .await;
    assert_eq!(bob.get(&path).await.ok()["presence"], "unavailable");
    carol.get(&path).await.fails_as(403, "M_FORBIDDEN");
    bob.put(&path, json!({"presence": "online"})).await.fails_as(403, "M_FORBIDDEN");
    let long = "x".repeat(5_000);
    alice
        .put(&path, json!({"presence": "online", "status_msg": long}))
        .await
        .fails_as(400, "M_INVALID_PARAM");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_fully_read_marker_goes_back_only_where_the_client_says_so() {
    let w = World::start().await;
    let alice = w.user("alice").await;
    let room = alice.creates_room().await;
    let one = alice.sends(&room, "one").await.event_id();
    let two = alice.sends(&room, "two").await.event_id();
    let path = format!(
        "/_matrix/client/v3/user/{}/rooms/{}/account_data/m.fully_read",
        segment(&alice.id),
        segment(&room)
    );
    let marker = async || alice.get(&path).await.ok()["event_id"].as_str().unwrap().to_owned();
    let back = json!({"com.beeper.allow_backward": true});
    reads(&alice, &room, "m.fully_read", &two, json!({})).await.ok();
    reads(&alice, &room, "m.fully_read", &one, json!({})).await.ok();
    assert_eq!(marker().await, two);
    reads(&alice, &room, "m.fully_read", &one, back.clone()).await.ok();
    assert_eq!(marker().await, one);
    reads(&alice, &room, "m.read", &one, back).await.fails_as(400, "M_INVALID_PARAM");
    let body = json!({"m.fully_read": two, "com.beeper.allow_backward": true});
    alice.room_action(&room, "read_markers", body).await.ok();
    assert_eq!(marker().await, two);
}
