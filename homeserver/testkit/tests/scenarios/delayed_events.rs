//! Events that the server sends later (MSC4140).

use base::Clock;
use config::DatabaseEngine;
use serde_json::{Value, json};
use server::Options;
use testkit::{Answer, Neighbourhood, Peer, User, World, segment};

const PREFIX: &str = "/_matrix/client/unstable/org.matrix.msc4140";
const KIND: &str = "org.example.test";

/// A server whose clock stands still until the test moves it, on a disk of its own.
async fn frozen() -> (World, Clock) {
    let clock = Clock::fake(1_800_000_000_000);
    let options = Options { clock: Some(clock.clone()), ..Options::default() };
    let w = World::in_process(|config| config.database.engine = DatabaseEngine::Rocksdb, options).await;
    (w, clock)
}

fn send_path(room: &str, txn: &str, delay_ms: u64) -> String {
    let room = segment(room);
    format!("/_matrix/client/v3/rooms/{room}/send/{KIND}/{txn}?org.matrix.msc4140.delay={delay_ms}")
}

fn state_path(room: &str, key: &str, delay_ms: u64) -> String {
    let (room, key) = (segment(room), segment(key));
    format!("/_matrix/client/v3/rooms/{room}/state/{KIND}/{key}?org.matrix.msc4140.delay={delay_ms}")
}

fn delay_id(answer: Answer) -> String {
    answer.ok()["delay_id"].as_str().unwrap().to_owned()
}

async fn scheduled(user: &User) -> Vec<Value> {
    let body = user.get(&format!("{PREFIX}/delayed_events")).await.ok();
    body["delayed_events"].as_array().unwrap().clone()
}

/// Asks until this many wait: an event is seen a moment before it is noted that it was sent.
async fn waits_for_scheduled(user: &User, count: usize) -> Vec<Value> {
    let waiting = |body: &Value| body["delayed_events"].as_array().is_some_and(|all| all.len() == count);
    let body = user.gets_until(&format!("{PREFIX}/delayed_events"), waiting).await;
    body["delayed_events"].as_array().cloned().unwrap_or_default()
}

async fn acts(user: &User, id: &str, action: &str) -> Answer {
    user.post(&format!("{PREFIX}/delayed_events/{id}/{action}"), json!({})).await
}

/// Numbers in the bodies of the events of our kind, in the order of the timeline.
async fn sent(user: &User, room: &str) -> Vec<u64> {
    let history = user.whole_history(room).await;
    let ours = history.iter().filter(|event| event["type"] == KIND);
    ours.filter_map(|event| event["content"]["number"].as_u64()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn due_events_are_sent_in_the_order_of_their_times_and_others_wait() {
    let (w, clock) = frozen().await;
    let [alice, bob] = w.users(["alice", "bob"]).await;
    let room = alice.creates_room_with([&bob]).await;
    for (number, delay_ms) in [(1, 400), (2, 200), (3, 60_000)] {
        let txn = format!("t{number}");
        alice.put(&send_path(&room, &txn, delay_ms), json!({"number": number})).await.ok();
    }
    assert_eq!(scheduled(&alice).await.len(), 3);
    assert_eq!(scheduled(&bob).await.len(), 0);
    assert_eq!(sent(&alice, &room).await, [0_u64; 0]);
    // Past the second one by a little, so that the undelayed one is the last that is due.
    clock.advance(401);
    alice.put(&send_path(&room, "now", 0), json!({"number": 4})).await.ok();
    bob.syncs_until("all that is due", |sync| sync.to_string().contains("\"number\":4")).await;
    assert_eq!(sent(&bob, &room).await, [2, 1, 4]);
    waits_for_scheduled(&alice, 1).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_timer_fires_without_any_request() {
    let w = World::start().await;
    let [alice, bob] = w.users(["alice", "bob"]).await;
    let room = alice.creates_room_with([&bob]).await;
    bob.syncs().await;
    let id = delay_id(alice.put(&state_path(&room, "key", 150), json!({"number": 1})).await);
    bob.syncs_until("the state", |sync| sync.to_string().contains(KIND)).await;
    assert_eq!(alice.state(&room, KIND, "key").await.ok(), json!({"number": 1}));
    waits_for_scheduled(&alice, 0).await;
    let event = alice.get(&format!("{PREFIX}/delayed_events/{id}")).await.ok();
    let event_id = event["event_id"].as_str().unwrap();
    let shown = |event: Value| event["unsigned"]["org.matrix.msc4140.delay_id"].clone();
    assert_eq!(shown(alice.event(&room, event_id).await.ok()), id.as_str());
    assert_eq!(shown(bob.event(&room, event_id).await.ok()), Value::Null);
}

/// A policy server that has not answered within seconds is given up and asked again, so one single question says that
/// the event of the other room did not wait for that.
#[tokio::test(flavor = "multi_thread")]
async fn a_room_that_takes_long_holds_up_the_delayed_events_of_no_other() {
    const SIGN: &str = "/_matrix/policy/v1/sign";
    let neighbourhood = Neighbourhood::new(&["a", "eve"]);
    let a = neighbourhood.server("a", |_| {}).await;
    let eve = Peer::start(&neighbourhood, "eve").await;
    let alice = a.user("alice").await;
    let protected = alice.creates_room_like(json!({ "preset": "public_chat" })).await.room_id();
    let plain = alice.creates_room().await;
    eve.joins(&a, &protected, "eve").await;
    let bob = a.user("bob").await;
    bob.joins(&protected).await.ok();
    bob.put(&send_path(&protected, "first", 200), json!({ "number": 1 })).await.ok();
    alice.put(&send_path(&plain, "second", 300), json!({ "number": 2 })).await.ok();
    let policy = json!({ "via": eve.name(), "public_keys": { "ed25519": "A".repeat(43) } });
    alice.sets_state(&protected, "m.room.policy", "", policy).await.ok();
    eve.answers(SIGN, 400, json!({ "errcode": "M_FORBIDDEN", "error": "not here" }));
    eve.holds(SIGN);
    alice.syncs_until("the second", |sync| sync.to_string().contains("\"number\":2")).await;
    eve.lets_go(SIGN);
    waits_for_scheduled(&bob, 0).await;
    assert_eq!(eve.asked().iter().filter(|target| target.contains(SIGN)).count(), 1, "{:?}", eve.asked());
    assert_eq!(sent(&alice, &protected).await, [0_u64; 0]);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_became_due_while_the_server_was_away_is_sent_at_the_start_and_once() {
    let (mut w, clock) = frozen().await;
    let alice = w.user("alice").await;
    let room = alice.creates_room().await;
    for (number, delay_ms) in [(1, 2_000), (2, 1_000), (3, 500_000)] {
        let txn = format!("t{number}");
        alice.put(&send_path(&room, &txn, delay_ms), json!({"number": number})).await.ok();
    }
    clock.advance(3_000);
    w.restarts().await;
    alice.syncs_until("the second", |sync| sync.to_string().contains("\"number\":1")).await;
    assert_eq!(sent(&alice, &room).await, [2, 1]);
    w.restarts().await;
    waits_for_scheduled(&alice, 1).await;
    assert_eq!(sent(&alice, &room).await, [2, 1]);
    clock.advance(500_000);
    w.restarts().await;
    alice.syncs_until("the third", |sync| sync.to_string().contains("\"number\":3")).await;
    assert_eq!(sent(&alice, &room).await, [2, 1, 3]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_repeated_request_is_one_delayed_event_even_without_its_body() {
    let w = World::start().await;
    let alice = w.user("alice").await;
    let room = alice.creates_room().await;
    let path = send_path(&room, "txn", 3_600_000);
    let first = delay_id(alice.put(&path, json!({"number": 1})).await);
    let again = alice.request(http::Method::PUT, &path, None).await;
    assert_eq!(delay_id(again), first);
    let new_form = format!("{PREFIX}/rooms/{}/delayed_event/{KIND}/txn", segment(&room));
    let body = json!({"delay_ms": 3_600_000, "content": {"number": 2}, "state_key": "k"});
    let other = delay_id(alice.put(&new_form, body).await);
    assert_ne!(other, first);
    assert_eq!(delay_id(alice.request(http::Method::PUT, &new_form, None).await), other);
    let listed = scheduled(&alice).await;
    assert_eq!(listed.len(), 2);
    let old = listed.iter().find(|event| event["delay_id"] == first.as_str()).unwrap();
    assert_eq!(old["delay"], 3_600_000);
    assert_eq!(old["delay_ms"], 3_600_000);
    assert!(old["running_since"].is_u64() && old["state_key"].is_null());
    let new = listed.iter().find(|event| event["delay_id"] == other.as_str()).unwrap();
    assert_eq!((&new["type"], &new["state_key"], &new["room_id"]), (&json!(KIND), &json!("k"), &json!(room)));
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_knows_the_id_sends_cancels_and_restarts() {
    let (w, clock) = frozen().await;
    let [alice, bob] = w.users(["alice", "bob"]).await;
    let room = alice.creates_room_with([&bob]).await;
    let stranger = w.stranger();
    let schedules =
        async |key: &str| delay_id(alice.put(&state_path(&room, key, 100_000), json!({"number": 1})).await);
    let (one, two, three) = (schedules("1").await, schedules("2").await, schedules("3").await);
    acts(&stranger, &one, "send").await.ok();
    assert_eq!(alice.state(&room, KIND, "1").await.ok(), json!({"number": 1}));
    acts(&alice, &one, "send").await.ok();
    acts(&alice, &one, "cancel").await.fails_as(409, "M_UNKNOWN");
    acts(&alice, &one, "restart").await.fails_as(404, "M_NOT_FOUND");
    acts(&stranger, &two, "cancel").await.ok();
    acts(&stranger, &two, "cancel").await.ok();
    acts(&stranger, &two, "send").await.fails_as(409, "M_UNKNOWN");
    clock.advance(60_000);
    acts(&stranger, &three, "restart").await.ok();
    clock.advance(60_000);
    // Due by its first time, but not by its second.
    alice.put(&state_path(&room, "now", 0), json!({"number": 2})).await.ok();
    alice.syncs_until("the poke", |sync| sync.to_string().contains("\"number\":2")).await;
    let left = waits_for_scheduled(&alice, 1).await;
    let left: Vec<_> = left.iter().map(|event| event["delay_id"].clone()).collect();
    assert_eq!(left, [json!(three)]);
    for action in ["send", "cancel", "restart"] {
        acts(&stranger, "unknown", action).await.fails_as(404, "M_NOT_FOUND");
    }
    acts(&stranger, &three, "oops").await.fails_as(404, "M_UNRECOGNIZED");
    let by_body = format!("{PREFIX}/delayed_events/{three}");
    stranger.post(&by_body, json!({})).await.fails_as(400, "M_MISSING_PARAM");
    stranger.post(&by_body, json!({"action": "cancel"})).await.ok();
    assert_eq!(scheduled(&alice).await.len(), 0);
    let finalised = alice.get(&format!("{PREFIX}/delayed_events?status=finalised")).await.ok();
    assert_eq!(finalised["delayed_events"].as_array().unwrap().len(), 4);
    bob.get(&format!("{PREFIX}/delayed_events/{three}")).await.fails_as(404, "M_NOT_FOUND");
    stranger.get(&format!("{PREFIX}/delayed_events")).await.fails_as(401, "M_MISSING_TOKEN");
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_may_say_nothing_any_more_still_leaves_their_call() {
    let (w, clock) = frozen().await;
    let root = w.administrator("root").await;
    let [alice, bob, carol] = w.users(["alice", "bob", "carol"]).await;
    let (of_bob, of_carol) = ("org.matrix.msc3401.call.member", "m.call.member");
    let levels = json!({"events": {of_bob: 0, of_carol: 0}});
    let room = json!({"preset": "public_chat", "power_level_content_override": levels});
    let room = alice.creates_room_like(room).await.room_id();
    let later = |kind: &str, key: &str| {
        let (room, key) = (segment(&room), segment(key));
        format!("/_matrix/client/v3/rooms/{room}/state/{kind}/{key}?org.matrix.msc4140.delay=1000")
    };
    for (user, kind, what) in [(&bob, of_bob, "lock"), (&carol, of_carol, "suspend")] {
        user.joins(&room).await.ok();
        let [phone, desk] = ["phone", "desk"].map(|device| format!("_{}_{device}", user.id));
        user.sets_state(&room, kind, &phone, json!({"application": "m.call"})).await.ok();
        user.put(&later(kind, &phone), json!({})).await.ok();
        user.put(&later(kind, &desk), json!({"application": "m.call"})).await.ok();
        user.put(&send_path(&room, "t", 1_000), json!({"number": 1})).await.ok();
        let path = format!("/_matrix/client/v1/admin/{what}/{}", segment(&user.id));
        root.put(&path, json!({"locked": true, "suspended": true})).await.ok();
    }
    clock.advance(1_001);
    alice.put(&send_path(&room, "now", 0), json!({"number": 2})).await.ok();
    alice.syncs_until("the poke", |sync| sync.to_string().contains("\"number\":2")).await;
    assert_eq!(sent(&alice, &room).await, [2]);
    for (user, kind) in [(&bob, of_bob), (&carol, of_carol)] {
        let [phone, desk] = ["phone", "desk"].map(|device| format!("_{}_{device}", user.id));
        assert_eq!(alice.state(&room, kind, &phone).await.ok(), json!({}), "no ghost is in the call");
        alice.state(&room, kind, &desk).await.fails_as(404, "M_NOT_FOUND");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_room_decides_when_the_time_has_come() {
    let (w, clock) = frozen().await;
    let [alice, bob] = w.users(["alice", "bob"]).await;
    let room = alice.creates_room_with([&bob]).await;
    let id = delay_id(bob.put(&send_path(&room, "t", 1_000), json!({"number": 1})).await);
    let soon = delay_id(bob.put(&send_path(&room, "u", 500_000), json!({"number": 2})).await);
    alice.kicks(&bob, &room).await.ok();
    clock.advance(1_000);
    alice.put(&send_path(&room, "now", 0), json!({"number": 3})).await.ok();
    alice.syncs_until("the poke", |sync| sync.to_string().contains("\"number\":3")).await;
    assert_eq!(waits_for_scheduled(&bob, 1).await.len(), 1);
    let event = bob.get(&format!("{PREFIX}/delayed_events/{id}")).await.ok();
    assert_eq!(event["error"]["errcode"], "M_FORBIDDEN");
    assert!(event["finalised_ts"].is_u64() && event["event_id"].is_null());
    acts(&bob, &soon, "send").await.fails_as(403, "M_FORBIDDEN");
    assert_eq!(sent(&alice, &room).await, [3]);
    bob.put(&send_path(&room, "v", 1_000), json!({"number": 4})).await.fails_as(403, "M_FORBIDDEN");
}

#[tokio::test(flavor = "multi_thread")]
async fn delays_and_their_number_have_bounds() {
    let w = World::configured(|config| {
        config.rtc.delayed_event_hours_max = 1;
        config.rtc.delayed_events_per_user_max = 2;
    })
    .await;
    let alice = w.user("alice").await;
    let room = alice.creates_room().await;
    let capabilities = alice.get("/_matrix/client/v3/capabilities").await.ok();
    let ours = &capabilities["capabilities"]["org.matrix.msc4140.delayed_events"];
    assert_eq!(*ours, json!({"max_delay_ms": 3_600_000, "max_scheduled": 2}));
    let refused = alice.put(&send_path(&room, "t", 3_600_001), json!({})).await.fails_as(400, "M_UNKNOWN");
    assert_eq!(refused["org.matrix.msc4140.errcode"], "M_MAX_DELAY_EXCEEDED");
    assert_eq!(refused["org.matrix.msc4140.max_delay"], 3_600_000);
    let new_form = format!("{PREFIX}/rooms/{}/delayed_event/{KIND}/t", segment(&room));
    alice.put(&new_form, json!({"delay_ms": 3_600_001, "content": {}})).await.fails_as(403, "M_FORBIDDEN");
    for wrong in ["-1", "soon", "1.5", ""] {
        let path = send_path(&room, "t", 0).replace("delay=0", &format!("delay={wrong}"));
        alice.put(&path, json!({})).await.fails_as(400, "M_INVALID_PARAM");
    }
    for txn in ["a", "b"] {
        alice.put(&send_path(&room, txn, 3_600_000), json!({})).await.ok();
    }
    let full = alice.put(&send_path(&room, "c", 3_600_000), json!({})).await;
    assert!(full.header("retry-after").is_some());
    let full = full.fails_as(429, "M_LIMIT_EXCEEDED");
    assert_eq!(full["org.matrix.msc4140.errcode"], "M_MAX_DELAYED_EVENTS_EXCEEDED");
    let retry_after_ms = full["retry_after_ms"].as_u64().unwrap();
    assert!((1..=3_600_000).contains(&retry_after_ms), "{retry_after_ms}");
}
