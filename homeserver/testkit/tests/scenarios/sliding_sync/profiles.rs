//! The extension for profiles (MSC4262).

use serde_json::{Value, json};
use testkit::{User, World, segment};

use super::{ask, ask_waiting, list, pos};

const PROFILES: &str = "org.matrix.msc4262.profiles";

fn body(fields: Value) -> Value {
    let mut body = list(json!([[0, 9]]), 5, json!([["m.room.member", "$LAZY"]]));
    body["extensions"] = json!({PROFILES: {"enabled": true, "fields": fields}});
    body
}

fn users(answer: &Value) -> &Value {
    &answer["extensions"][PROFILES]["users"]
}

async fn sets(user: &User, field: &str, value: Value) {
    let path = format!("/_matrix/client/v3/profile/{}/{field}", segment(&user.id));
    user.put(&path, json!({ field: value })).await.ok();
}

#[tokio::test(flavor = "multi_thread")]
async fn whole_profiles_come_first_and_changes_after() {
    let w = World::start().await;
    let [alice, bob, stranger] = w.users(["alice", "bob", "stranger"]).await;
    sets(&bob, "m.status", json!({"text": "at lunch", "emoji": "🍜"})).await;
    sets(&bob, "m.tz", json!("Asia/Shanghai")).await;
    let room = bob.creates_room_with([&alice]).await;
    bob.sends(&room, "hello").await.ok();
    let wanted = json!(["m.status", "displayname"]);
    let first = ask(&alice, None, body(wanted.clone())).await.ok();
    assert_eq!(users(&first)[&bob.id]["updated"]["m.status"]["text"], "at lunch", "{first}");
    assert_eq!(users(&first)[&bob.id]["updated"].get("m.tz"), None, "nobody asked for it");
    assert!(users(&first).get(&alice.id).is_some(), "one's own profile belongs to it");
    let quiet = ask(&alice, pos(&first), body(wanted.clone())).await.ok();
    assert!(users(&quiet).is_null(), "{quiet}");
    sets(&stranger, "m.status", json!({"text": "nobody knows me"})).await;
    let waiting = ask_waiting(&alice, pos(&quiet), 20_000, body(wanted.clone()));
    let (news, ()) = tokio::join!(waiting, async {
        w.until_waiting(1).await;
        sets(&bob, "m.status", json!({"text": "back"})).await;
    });
    let news = news.ok();
    assert_eq!(users(&news)[&bob.id], json!({"updated": {"m.status": {"text": "back"}}}), "{news}");
    assert_eq!(users(&news).get(&stranger.id), None);
    let path = format!("/_matrix/client/v3/profile/{}/m.status", segment(&bob.id));
    bob.delete(&path).await.ok();
    let gone = ask(&alice, pos(&news), body(wanted.clone())).await.ok();
    assert_eq!(users(&gone)[&bob.id], json!({"removed": ["m.status"]}));
    // A lost answer is told again.
    let again = ask(&alice, pos(&news), body(wanted)).await.ok();
    assert_eq!(users(&again)[&bob.id], json!({"removed": ["m.status"]}));
}

#[tokio::test(flavor = "multi_thread")]
async fn profiles_of_those_who_share_no_room_any_more_are_taken_away() {
    let w = World::start().await;
    let [alice, bob, carol] = w.users(["alice", "bob", "carol"]).await;
    let (of_bob, of_both) =
        (bob.creates_room_with([&alice]).await, alice.creates_room_with([&bob, &carol]).await);
    let wanted = json!(["displayname"]);
    let first = ask(&alice, None, body(wanted.clone())).await.ok();
    bob.leaves(&of_bob).await.ok();
    let still = ask(&alice, pos(&first), body(wanted.clone())).await.ok();
    assert_eq!(users(&still).get(&bob.id), None, "they share another room: {still}");
    bob.leaves(&of_both).await.ok();
    let gone = ask(&alice, pos(&still), body(wanted.clone())).await.ok();
    assert_eq!(users(&gone), &json!({&bob.id: null}), "{gone}");
    alice.leaves(&of_both).await.ok();
    let gone = ask(&alice, pos(&gone), body(wanted)).await.ok();
    assert_eq!(users(&gone), &json!({&carol.id: null}), "{gone}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_status_has_its_bounds() {
    let w = World::start().await;
    let alice = w.user("alice").await;
    for (field, value, fits) in [
        ("m.status", json!({"text": "x".repeat(256), "emoji": "y".repeat(32)}), true),
        ("m.status", json!({"text": "x".repeat(257)}), false),
        ("m.status", json!({"emoji": "y".repeat(33)}), false),
        ("org.matrix.msc4426.status", json!({"text": "好".repeat(86)}), false),
        ("m.call", json!({"call_joined_ts": 1}), true),
    ] {
        let path = format!("/_matrix/client/v3/profile/{}/{field}", segment(&alice.id));
        let answer = alice.put(&path, json!({ field: value })).await;
        if fits { drop(answer.ok()) } else { drop(answer.fails_as(400, "M_TOO_LARGE")) }
    }
}
