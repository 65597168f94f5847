//! Sending messages, state and redactions.

use serde_json::{Value, json};
use testkit::World;

#[tokio::test(flavor = "multi_thread")]
async fn a_repeated_request_is_one_event_for_each_device_and_room() {
    let w = World::start().await;
    let alice = w.user("alice").await;
    let (room, other) = (alice.creates_room().await, alice.creates_room().await);
    let text = |body: &str| json!({"msgtype": "m.text", "body": body});
    let send = |room: String, body: &'static str| {
        let alice = &alice;
        async move { alice.sends_event_as(&room, "m.room.message", "txn", text(body)).await.event_id() }
    };
    let (first, second) = tokio::join!(send(room.clone(), "one"), send(room.clone(), "two"));
    assert_eq!(first, second);
    assert_eq!(send(room.clone(), "three").await, first);
    assert_ne!(send(other.clone(), "one").await, first);
    let elsewhere = alice.on_another_device().await;
    let again = elsewhere.sends_event_as(&room, "m.room.message", "txn", text("one")).await.event_id();
    assert_ne!(again, first);
}

#[tokio::test(flavor = "multi_thread")]
async fn eight_senders_at_once_lose_nothing() {
    let w = World::start().await;
    let [alice, bob] = w.users(["alice", "bob"]).await;
    let room = alice.creates_room_with([&bob]).await;
    let mut sent = Vec::new();
    for round in 0..5 {
        let texts: Vec<String> = (0..8).map(|number| format!("{round}-{number}")).collect();
        let sends = texts.iter().enumerate().map(|(number, text)| {
            let sender = if number % 2 == 0 { &alice } else { &bob };
            sender.sends(&room, text)
        });
        for answer in futures_util::future::join_all(sends).await {
            sent.push(answer.event_id());
        }
    }
    let history = alice.whole_history(&room).await;
    for event in &sent {
        assert_eq!(history.iter().filter(|found| found["event_id"] == event.as_str()).count(), 1);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_same_state_twice_is_one_event() {
    let w = World::start().await;
    let [alice, bob] = w.users(["alice", "bob"]).await;
    let room = alice.creates_room().await;
    let first = alice.sets_state(&room, "a.b", "", json!({"c": [1, {"d": "e"}]})).await.event_id();
    let again = alice.sets_state(&room, "a.b", "", json!({"c": [1, {"d": "e"}]})).await.event_id();
    assert_eq!(first, again);
    let changed = alice.sets_state(&room, "a.b", "", json!({"c": []})).await.event_id();
    assert_ne!(first, changed);
    bob.sets_state(&room, "a.b", "", json!({"c": []})).await.fails_as(403, "M_FORBIDDEN");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_room_is_created_once() {
    let w = World::start().await;
    let alice = w.user("alice").await;
    for version in ["11", "12"] {
        let room = alice.creates_room_like(json!({"room_version": version})).await.room_id();
        let content = json!({"room_version": version, "entropy": 100});
        assert_eq!(alice.sets_state(&room, "m.room.create", "", content).await.status(), 400);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn redaction_takes_the_content_away_in_every_version() {
    let w = World::start().await;
    let [alice, bob] = w.users(["alice", "bob"]).await;
    for version in ["1", "3", "9", "10", "11", "12"] {
        let body = json!({"preset": "public_chat", "room_version": version});
        let room = alice.creates_room_like(body).await.room_id();
        bob.joins(&room).await.ok();
        let secret = bob.sends(&room, "secret").await.event_id();
        let other = alice.sends(&room, "kept").await.event_id();
        bob.redacts(&room, &other).await.fails_as(403, "M_FORBIDDEN");
        let redaction = alice.redacts(&room, &secret).await.event_id();
        let event = bob.event(&room, &secret).await.ok();
        assert_eq!(event["content"], json!({}), "version {version}");
        assert_eq!(
            event["unsigned"]["redacted_because"]["event_id"],
            redaction.as_str(),
            "version {version}"
        );
        let redaction = bob.event(&room, &redaction).await.ok();
        // Clients of either age find the target where they look for it.
        assert_eq!(redaction["content"]["redacts"], secret.as_str(), "version {version}");
        assert_eq!(redaction["redacts"], secret.as_str(), "version {version}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_redaction_can_be_sent_like_any_message() {
    let w = World::start().await;
    let [alice, bob] = w.users(["alice", "bob"]).await;
    for version in ["10", "11"] {
        let body = json!({"preset": "public_chat", "room_version": version});
        let room = alice.creates_room_like(body).await.room_id();
        bob.joins(&room).await.ok();
        let secret = alice.sends(&room, "secret").await.event_id();
        let content = json!({"redacts": secret, "reason": "tea"});
        bob.sends_event(&room, "m.room.redaction", content.clone()).await.fails_as(403, "M_FORBIDDEN");
        alice.sends_event(&room, "m.room.redaction", content).await.ok();
        assert_eq!(alice.event(&room, &secret).await.ok()["content"], json!({}), "version {version}");
        alice.sends_event(&room, "m.room.redaction", json!({})).await.fails_as(400, "M_BAD_JSON");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_no_event_is_refused_and_the_room_goes_on() {
    let w = World::start().await;
    let alice = w.user("alice").await;
    let room = alice.creates_room().await;
    for wrong in [json!({"a": 1.5}), json!({"a": 9_007_199_254_740_992_i64}), json!({"a": {"b": [-1e10]}})] {
        alice.sends_event(&room, "m.room.message", wrong).await.fails_as(400, "M_BAD_JSON");
    }
    let large = json!({"body": "x".repeat(66_000)});
    alice.sends_event(&room, "m.room.message", large).await.fails_as(413, "M_TOO_LARGE");
    let long_type = "t".repeat(256);
    alice.sends_event(&room, &long_type, json!({})).await.fails_as(413, "M_TOO_LARGE");
    alice.sets_state(&room, "a.b", &"k".repeat(256), json!({})).await.fails_as(413, "M_TOO_LARGE");
    alice.sends(&room, "still here").await.ok();
}

#[tokio::test(flavor = "multi_thread")]
async fn power_levels_decide_and_must_be_numbers() {
    let w = World::start().await;
    let [alice, bob] = w.users(["alice", "bob"]).await;
    let body = json!({"preset": "public_chat", "room_version": "11"});
    let room = alice.creates_room_like(body).await.room_id();
    bob.joins(&room).await.ok();
    bob.sets_state(&room, "m.room.name", "", json!({"name": "x"})).await.fails_as(403, "M_FORBIDDEN");
    let levels = |bob_level: Value| json!({"users": {alice.id.as_str(): 100, bob.id.as_str(): bob_level}});
    let set = |content| alice.sets_state(&room, "m.room.power_levels", "", content);
    set(levels(json!("50"))).await.fails_as(400, "M_BAD_JSON");
    set(json!({"users": {"nobody": 5}})).await.fails_as(400, "M_BAD_JSON");
    set(levels(json!(50))).await.ok();
    bob.sets_state(&room, "m.room.name", "", json!({"name": "x"})).await.ok();
    let more = levels(json!(100));
    bob.sets_state(&room, "m.room.power_levels", "", more).await.fails_as(403, "M_FORBIDDEN");
    set(json!({})).await.ok();
    set(json!({"users": {}})).await.fails_as(403, "M_FORBIDDEN");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_unknown_room_looks_like_one_without_access() {
    let w = World::start().await;
    let [alice, bob] = w.users(["alice", "bob"]).await;
    let room = alice.creates_room().await;
    let known = bob.sends(&room, "hi").await.fails_as(403, "M_FORBIDDEN");
    let unknown = bob.sends("!nowhere:elsewhere.test", "hi").await.fails_as(403, "M_FORBIDDEN");
    assert_eq!(known["errcode"], unknown["errcode"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reaction_counts_once() {
    let w = World::start().await;
    let [alice, bob] = w.users(["alice", "bob"]).await;
    let room = alice.creates_room_with([&bob]).await;
    let event = alice.sends(&room, "tea?").await.event_id();
    let relation = json!({"rel_type": "m.annotation", "event_id": event, "key": "👍"});
    let content = json!({"m.relates_to": relation});
    let send = |txn: &'static str| bob.sends_event_as(&room, "m.reaction", txn, content.clone());
    let first = send("1").await.event_id();
    assert_eq!(send("1").await.event_id(), first);
    send("2").await.fails_as(400, "M_DUPLICATE_ANNOTATION");
    alice.reacts(&room, &event, "👍").await.ok();
    bob.redacts(&room, &first).await.ok();
    bob.reacts(&room, &event, "👍").await.ok();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_redaction_takes_related_events_along_where_it_says_so() {
    let w = World::start().await;
    let [alice, bob] = w.users(["alice", "bob"]).await;
    let room = alice.creates_room_with([&bob]).await;
    let root = bob.sends(&room, "tea?").await.event_id();
    let edit = bob.edits(&room, &root, "coffee?").await.event_id();
    let theirs = alice.reacts(&room, &root, "👍").await.event_id();
    let reply = bob.replies_in_thread(&room, &root, "yes").await.event_id();
    let path = |event: &str, txn: &str| {
        let (room, event) = (testkit::segment(&room), testkit::segment(event));
        format!("/_matrix/client/v3/rooms/{room}/redact/{event}/{txn}")
    };
    let body = json!({"org.matrix.msc3912.with_relations": ["m.replace", "m.annotation"], "reason": "oops"});
    let first = bob.put(&path(&root, "1"), body.clone()).await.event_id();
    assert_eq!(bob.put(&path(&root, "1"), body).await.event_id(), first);
    let redacted = async |event: &str| alice.event(&room, event).await.ok()["content"] == json!({});
    assert!(redacted(&root).await && redacted(&edit).await);
    // Bob has no power over alice's reaction, and did not name threads.
    assert!(!redacted(&theirs).await && !redacted(&reply).await);
    alice.put(&path(&root, "2"), json!({"with_rel_types": ["*"]})).await.ok();
    assert!(redacted(&theirs).await && redacted(&reply).await);
}

#[tokio::test(flavor = "multi_thread")]
async fn state_has_owners_in_rooms_that_say_so() {
    let w = World::start().await;
    let [alice, bob, carol] = w.users(["alice", "bob", "carol"]).await;
    let room = async |version: &str| {
        let levels = json!({"events": {"org.example.call": 0}});
        let body = json!({
            "preset": "public_chat", "room_version": version, "power_level_content_override": levels,
        });
        let room = alice.creates_room_like(body).await.room_id();
        bob.joins(&room).await.ok();
        carol.joins(&room).await.ok();
        room
    };
    let (owned, plain) = (room("org.matrix.msc3757.10").await, room("10").await);
    let set = |user: &testkit::User, room: &str, key: String| {
        let (user, room) = (user.clone(), room.to_owned());
        async move { user.sets_state(&room, "org.example.call", &key, json!({})).await }
    };
    set(&bob, &owned, format!("{}_DEVICE:!@#", bob.id)).await.ok();
    set(&alice, &owned, format!("{}_DEVICE", bob.id)).await.ok();
    set(&alice, &owned, "@elsewhere:other.test".to_owned()).await.ok();
    set(&bob, &owned, format!("{}_DEVICE", carol.id)).await.fails_as(403, "M_FORBIDDEN");
    set(&bob, &owned, format!("{}DEVICE", bob.id)).await.fails_as(403, "M_FORBIDDEN");
    set(&alice, &owned, "@oops".to_owned()).await.fails_as(400, "M_BAD_JSON");
    set(&alice, &owned, format!("{}@x_", alice.id)).await.fails_as(400, "M_BAD_JSON");
    set(&bob, &plain, bob.id.clone()).await.ok();
    set(&bob, &plain, format!("{}_DEVICE", bob.id)).await.fails_as(403, "M_FORBIDDEN");
    set(&alice, &plain, bob.id.clone()).await.fails_as(403, "M_FORBIDDEN");
}
