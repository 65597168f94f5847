//! Events that every member is to get while they last (MSC4354).

use base::Clock;
use config::DatabaseEngine;
use serde_json::{Value, json};
use server::Options;
use testkit::{User, World, segment};

const SLIDING: &str = "/_matrix/client/unstable/org.matrix.simplified_msc3575/sync?timeout=0";
const DURATION: &str = "org.matrix.msc4354.sticky_duration_ms";
/// More than any timeline of an answer holds.
const MANY: usize = 25;

async fn frozen() -> (World, Clock) {
    let clock = Clock::fake(1_800_000_000_000);
    let options = Options { clock: Some(clock.clone()), ..Options::default() };
    let w = World::in_process(|config| config.database.engine = DatabaseEngine::Rocksdb, options).await;
    (w, clock)
}

async fn sends_sticky(user: &User, room: &str, text: &str, duration_ms: u64) -> String {
    let path = format!(
        "/_matrix/client/v3/rooms/{}/send/m.room.message/{}?{DURATION}={duration_ms}",
        segment(room),
        user.new_txn_id()
    );
    user.put(&path, json!({"msgtype": "m.text", "body": text})).await.event_id()
}

async fn chats(user: &User, room: &str) {
    for number in 0..MANY {
        user.sends(room, &format!("chat {number}")).await.ok();
    }
}

fn ids(events: &Value) -> Vec<&str> {
    let events = events.as_array().map(Vec::as_slice).unwrap_or_default();
    events.iter().filter_map(|event| event["event_id"].as_str()).collect()
}

fn of_sync<'a>(answer: &'a Value, room: &str) -> &'a Value {
    &answer["rooms"]["join"][room]["msc4354_sticky"]["events"]
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sticky_event_comes_in_the_timeline_or_beside_it() {
    let (w, clock) = frozen().await;
    let [alice, bob] = w.users(["alice", "bob"]).await;
    let room = alice.creates_room_with([&bob]).await;
    bob.syncs().await;
    let near = sends_sticky(&alice, &room, "near", 60_000).await;
    let answer = bob.syncs().await;
    let timeline = &answer["rooms"]["join"][&room]["timeline"]["events"];
    assert!(ids(timeline).contains(&near.as_str()) && ids(of_sync(&answer, &room)).is_empty(), "{answer}");
    let event = timeline.as_array().unwrap().last().unwrap();
    assert_eq!(event["msc4354_sticky"]["duration_ms"], 60_000);
    assert_eq!(event["unsigned"]["msc4354_sticky_duration_ttl_ms"], 60_000);
    let far = sends_sticky(&alice, &room, "far", 30_000).await;
    chats(&alice, &room).await;
    let answer = bob.syncs().await;
    assert_eq!(ids(of_sync(&answer, &room)), [far.as_str()], "the one that was told is not told again");
    // Who begins anew gets all that last, and nothing that does not.
    clock.advance(40_000);
    let anew = bob.on_another_device().await;
    let answer = anew.syncs().await;
    assert_eq!(ids(of_sync(&answer, &room)), [near.as_str()]);
    let event = &of_sync(&answer, &room)[0];
    assert_eq!(event["unsigned"]["msc4354_sticky_duration_ttl_ms"], 20_000);
}

#[tokio::test(flavor = "multi_thread")]
async fn who_joins_gets_sticky_events_whatever_the_history_visibility() {
    let w = World::start().await;
    let [alice, bob] = w.users(["alice", "bob"]).await;
    let room = alice.creates_room_like(json!({"preset": "public_chat"})).await.room_id();
    let hidden = json!({"history_visibility": "joined"});
    alice.sets_state(&room, "m.room.history_visibility", "", hidden).await.ok();
    let sticky = sends_sticky(&alice, &room, "call", 600_000).await;
    let plain = alice.sends(&room, "secret").await.event_id();
    bob.joins(&room).await.ok();
    let answer = bob.syncs().await;
    assert_eq!(ids(of_sync(&answer, &room)), [sticky.as_str()]);
    assert!(!answer.to_string().contains(&plain));
    alice.redacts(&room, &sticky).await.ok();
    let anew = bob.on_another_device().await;
    assert!(ids(of_sync(&anew.syncs().await, &room)).is_empty(), "a redacted event is not sticky");
}

#[tokio::test(flavor = "multi_thread")]
async fn sliding_sync_tells_sticky_events_outside_of_its_window_by_their_own_token() {
    let w = World::start().await;
    let [alice, bob] = w.users(["alice", "bob"]).await;
    let quiet = alice.creates_room_with([&bob]).await;
    let first = sends_sticky(&alice, &quiet, "one", 600_000).await;
    let second = sends_sticky(&alice, &quiet, "two", 600_000).await;
    let loud = alice.creates_room_with([&bob]).await;
    chats(&alice, &loud).await;
    let body = |since: Option<&str>| {
        json!({
            "lists": {"all": {"ranges": [[0, 0]], "timeline_limit": 1, "required_state": []}},
            "extensions": {"org.matrix.msc4354.sticky_events": {"enabled": true, "limit": 1, "since": since}},
        })
    };
    let section = |answer: &Value| answer["extensions"]["org.matrix.msc4354.sticky_events"].clone();
    let mut told = Vec::new();
    let mut since: Option<String> = None;
    for _ in 0..2 {
        let answer = bob.post(SLIDING, body(since.as_deref())).await.ok();
        let section = section(&answer);
        told.extend(ids(&section["rooms"][&quiet]["events"]).into_iter().map(str::to_owned));
        since = section["next_batch"].as_str().map(str::to_owned);
    }
    assert_eq!(told, [first, second]);
    let answer = bob.post(SLIDING, body(since.as_deref())).await.ok();
    assert!(section(&answer).is_null(), "{answer}");
    bob.post(SLIDING, body(Some("invented"))).await.fails_as(400, "M_INVALID_PARAM");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_delayed_event_is_sticky_from_when_it_is_sent() {
    let (w, clock) = frozen().await;
    let [alice, bob] = w.users(["alice", "bob"]).await;
    let room = alice.creates_room_with([&bob]).await;
    let path = format!(
        "/_matrix/client/v3/rooms/{}/send/m.room.message/t1?org.matrix.msc4140.delay=5000&{DURATION}=60000",
        segment(&room)
    );
    alice.put(&path, json!({"msgtype": "m.text", "body": "later"})).await.ok();
    clock.advance(5_000);
    bob.syncs_until("the delayed event is there", |answer| {
        let events = answer["rooms"]["join"][&room]["timeline"]["events"].as_array().cloned();
        events.unwrap_or_default().iter().any(|event| {
            event["content"]["body"] == "later" && event["msc4354_sticky"]["duration_ms"] == 60_000
        })
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn stickiness_has_bounds_and_state_may_be_sticky_again() {
    let w = World::start().await;
    let alice = w.user("alice").await;
    let room = alice.creates_room().await;
    let path = |duration: &str| {
        format!("/_matrix/client/v3/rooms/{}/state/org.example.call/x?{DURATION}={duration}", segment(&room))
    };
    for wrong in ["3600001", "-1", "soon"] {
        alice.put(&path(wrong), json!({})).await.fails_as(400, "M_INVALID_PARAM");
    }
    let first = alice.put(&path("3600000"), json!({"on": true})).await.event_id();
    let second = alice.put(&path("3600000"), json!({"on": true})).await.event_id();
    assert_ne!(first, second, "the same state begins its time anew");
    let versions = w.stranger().get("/_matrix/client/versions").await.ok();
    assert_eq!(versions["unstable_features"]["org.matrix.msc4354"], true);
}

#[tokio::test]
async fn a_server_that_comes_in_gets_what_is_still_sticky() {
    let [a, b] = World::federated(["a", "b"]).await;
    let ([alice], [bob]) = (a.users(["alice"]).await, b.users(["bob"]).await);
    let room = alice.creates_room_like(json!({"preset": "public_chat"})).await.room_id();
    let sticky = sends_sticky(&alice, &room, "call", 600_000).await;
    chats(&alice, &room).await;
    let join = format!("/_matrix/client/v3/join/{}?via={}", segment(&room), segment(&a.server_name()));
    bob.post(&join, json!({})).await.ok();
    bob.syncs_until("the sticky event", |body| body.to_string().contains(&sticky)).await;
}
