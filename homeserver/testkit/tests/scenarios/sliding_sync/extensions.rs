//! Extensions: what is told beside rooms.

use serde_json::{Value, json};
use testkit::{User, World};

use super::{ask, ask_waiting, everything, list, pos, room};

fn with(mut body: Value, extensions: Value) -> Value {
    body["extensions"] = extensions;
    body
}

fn only(extensions: Value) -> Value {
    json!({"extensions": extensions})
}

async fn tells(sender: &User, to: &User, body: &str) {
    let path = format!("/_matrix/client/v3/sendToDevice/org.lian.test/{}", sender.new_txn_id());
    let messages = json!({"messages": {&to.id: {&to.device_id: {"body": body}}}});
    sender.put(&path, messages).await.ok();
}

fn messages(answer: &Value) -> Vec<&str> {
    let events =
        answer["extensions"]["to_device"]["events"].as_array().map(Vec::as_slice).unwrap_or_default();
    events.iter().filter_map(|event| event["content"]["body"].as_str()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn to_device_messages_stay_until_their_token_comes_back() {
    let w = World::start().await;
    let [alice, bob] = w.users(["alice", "bob"]).await;
    let body = |since: Option<&str>| match since {
        Some(since) => only(json!({"to_device": {"enabled": true, "limit": 2, "since": since}})),
        None => only(json!({"to_device": {"enabled": true, "limit": 2}})),
    };
    let since = |answer: &Value| answer["extensions"]["to_device"]["next_batch"].as_str().unwrap().to_owned();
    let empty = ask(&alice, None, body(None)).await.ok();
    assert!(messages(&empty).is_empty() && !since(&empty).is_empty(), "the token is always there");
    for text in ["1", "2", "3"] {
        tells(&bob, &alice, text).await;
    }
    let first = ask(&alice, pos(&empty), body(Some(&since(&empty)))).await.ok();
    assert_eq!(messages(&first), ["1", "2"]);
    let again = ask(&alice, pos(&empty), body(Some(&since(&empty)))).await.ok();
    assert_eq!(messages(&again), ["1", "2"], "nothing was acknowledged");
    let rest = ask(&alice, pos(&again), body(Some(&since(&again)))).await.ok();
    assert_eq!(messages(&rest), ["3"]);
    // The token is independent of the connection, and what it covered is deleted.
    let anew = ask(&alice, None, body(Some(&since(&rest)))).await.ok();
    assert!(messages(&anew).is_empty());
    // The answer does not wait for the deletion; a later write that was acknowledged comes after it.
    alice.creates_room().await;
    assert!(messages(&ask(&alice, None, body(None)).await.ok()).is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_to_device_message_wakes_the_connection_that_asks_for_it() {
    let w = World::start().await;
    let [alice, bob] = w.users(["alice", "bob"]).await;
    let body = only(json!({"to_device": {"enabled": true}, "e2ee": {"enabled": true}}));
    let first = ask(&alice, None, body.clone()).await.ok();
    let (answer, ()) = tokio::join!(ask_waiting(&alice, pos(&first), 20_000, body), async {
        w.until_waiting(1).await;
        tells(&bob, &alice, "wake up").await
    });
    assert_eq!(messages(&answer.ok()), ["wake up"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn key_counts_are_always_there_and_device_lists_survive_a_lost_answer() {
    let w = World::start().await;
    let [alice, bob] = w.users(["alice", "bob"]).await;
    let body = only(json!({"e2ee": {"enabled": true}}));
    let first = ask(&alice, None, body.clone()).await.ok();
    let e2ee = &first["extensions"]["e2ee"];
    assert_eq!(e2ee["device_one_time_keys_count"]["signed_curve25519"], 0);
    assert_eq!(e2ee["device_unused_fallback_key_types"], json!([]));
    let id = alice.creates_room_with([&bob]).await;
    for _ in 0..2 {
        let lost = ask(&alice, pos(&first), body.clone()).await.ok();
        let changed = &lost["extensions"]["e2ee"]["device_lists"]["changed"];
        assert_eq!(*changed, json!([alice.id, bob.id]), "{lost}");
    }
    let second = ask(&alice, pos(&first), body.clone()).await.ok();
    bob.leaves(&id).await.ok();
    let third = ask(&alice, pos(&second), body.clone()).await.ok();
    assert_eq!(third["extensions"]["e2ee"]["device_lists"]["left"], json!([bob.id]), "{third}");
    let fourth = ask(&alice, pos(&third), body).await.ok();
    assert!(fourth["extensions"]["e2ee"].get("device_lists").is_none(), "{fourth}");
}

#[tokio::test(flavor = "multi_thread")]
async fn account_data_is_told_globally_and_of_rooms_in_scope() {
    let w = World::start().await;
    let [alice] = w.users(["alice"]).await;
    let [a, b] = [alice.creates_room().await, alice.creates_room().await];
    alice.sets_account_data("org.lian.global", json!({"n": 1})).await.ok();
    alice.sets_room_account_data(&a, "org.lian.room", json!({"n": 1})).await.ok();
    let enabled = json!({"account_data": {"enabled": true}});
    let both = with(everything(), enabled.clone());
    let one = with(list(json!([[0, 0]]), 1, json!([])), enabled);
    let first = ask(&alice, None, one.clone()).await.ok();
    let data = &first["extensions"]["account_data"];
    let kinds: Vec<_> = data["global"].as_array().unwrap().iter().map(|datum| &datum["type"]).collect();
    assert!(kinds.contains(&&json!("m.push_rules")) && kinds.contains(&&json!("org.lian.global")));
    assert!(data["rooms"].get(&a).is_none(), "room b stands first: {data}");
    let second = ask(&alice, pos(&first), both.clone()).await.ok();
    let data = &second["extensions"]["account_data"];
    assert_eq!(data["rooms"][&a], json!([{"type": "org.lian.room", "content": {"n": 1}}]));
    assert!(data.get("global").is_none());
    // Room a leaves the window, its data changes, and it comes back.
    let third = ask(&alice, pos(&second), one.clone()).await.ok();
    alice.sets_room_account_data(&a, "org.lian.room", json!({"n": 2})).await.ok();
    alice.sets_room_account_data(&b, "org.lian.room", json!({"n": 3})).await.ok();
    let fourth = ask_waiting(&alice, pos(&third), 20_000, one).await.ok();
    let data = &fourth["extensions"]["account_data"]["rooms"];
    assert_eq!((&data[&b][0]["content"]["n"], data.get(&a)), (&json!(3), None));
    let fifth = ask(&alice, pos(&fourth), both).await.ok();
    assert_eq!(fifth["extensions"]["account_data"]["rooms"][&a][0]["content"]["n"], 2, "{fifth}");
}

#[tokio::test(flavor = "multi_thread")]
async fn lists_and_rooms_restrict_an_extension() {
    let w = World::start().await;
    let [alice] = w.users(["alice"]).await;
    let id = alice.creates_room().await;
    alice.sets_room_account_data(&id, "org.lian.room", json!({"n": 1})).await.ok();
    for (lists, subscribed, expected) in [
        (json!(["*"]), json!([]), true),
        (json!(["all"]), json!([]), true),
        (json!(["other"]), json!([]), false),
        (json!([]), json!([&id]), true),
        (json!([]), json!(["*"]), true),
        (json!([]), json!(["!other:test.example"]), false),
    ] {
        let mut body = everything();
        body["room_subscriptions"] = json!({&id: {"timeline_limit": 1, "required_state": []}});
        body["extensions"] =
            json!({"account_data": {"enabled": true, "lists": &lists, "rooms": &subscribed}});
        let answer = ask(&alice, None, body).await.ok();
        let told = answer["extensions"]["account_data"]["rooms"].get(&id).is_some();
        assert_eq!(told, expected, "{lists} {subscribed}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn receipts_come_with_the_timeline_and_then_live() {
    let w = World::start().await;
    let [alice, bob, carol] = w.users(["alice", "bob", "carol"]).await;
    let id = alice.creates_room_with([&bob, &carol]).await;
    let old = alice.sends(&id, "old").await.event_id();
    carol.has_read(&id, &old).await.ok();
    alice.has_read(&id, &old).await.ok();
    let new = alice.sends(&id, "new").await.event_id();
    bob.has_read(&id, &new).await.ok();
    let body =
        with(list(json!([[0, 9]]), 1, json!([])), json!({"receipts": {"enabled": true, "rooms": ["*"]}}));
    let first = ask(&alice, None, body.clone()).await.ok();
    let receipts = &first["extensions"]["receipts"]["rooms"][&id];
    assert_eq!(receipts["type"], "m.receipt");
    assert!(receipts["content"][&new]["m.read"].get(&bob.id).is_some(), "{receipts}");
    assert!(receipts["content"][&old]["m.read"].get(&alice.id).is_some(), "the own one, wherever it is");
    assert!(receipts["content"][&old]["m.read"].get(&carol.id).is_none(), "not at an event that is shown");
    let (second, _) = tokio::join!(ask_waiting(&alice, pos(&first), 20_000, body.clone()), async {
        w.until_waiting(1).await;
        carol.has_read(&id, &new).await
    });
    let second = second.ok();
    let receipts = &second["extensions"]["receipts"]["rooms"][&id];
    assert!(receipts["content"][&new]["m.read"].get(&carol.id).is_some(), "{second}");
    let third = ask(&alice, pos(&second), body).await.ok();
    assert!(third["extensions"].get("receipts").is_none());
}

#[tokio::test(flavor = "multi_thread")]
async fn private_receipts_are_told_to_their_owner_alone() {
    let w = World::start().await;
    let [alice, bob] = w.users(["alice", "bob"]).await;
    let id = alice.creates_room_with([&bob]).await;
    let event = alice.sends(&id, "hello").await.event_id();
    let path = format!("/_matrix/client/v3/rooms/{id}/receipt/m.read.private/{event}");
    bob.post(&path, json!({})).await.ok();
    let body = with(everything(), json!({"receipts": {"enabled": true}}));
    for (user, expected) in [(&alice, false), (&bob, true)] {
        let answer = ask(user, None, body.clone()).await.ok();
        let content = &answer["extensions"]["receipts"]["rooms"][&id]["content"];
        assert_eq!(content[&event].get("m.read.private").is_some(), expected, "{}: {answer}", user.id);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn typing_is_told_until_the_last_one_stops() {
    let w = World::start().await;
    let [alice, bob] = w.users(["alice", "bob"]).await;
    let id = alice.creates_room_with([&bob]).await;
    let body = with(everything(), json!({"typing": {"enabled": true}}));
    let first = ask(&alice, None, body.clone()).await.ok();
    assert!(first["extensions"].get("typing").is_none(), "nobody types");
    let (second, _) = tokio::join!(ask_waiting(&alice, pos(&first), 20_000, body.clone()), async {
        w.until_waiting(1).await;
        bob.types(&id, 30_000).await
    });
    let second = second.ok();
    assert_eq!(second["extensions"]["typing"]["rooms"][&id]["content"]["user_ids"], json!([bob.id]));
    assert_eq!(
        ask(&alice, None, body.clone()).await.ok()["extensions"]["typing"]["rooms"][&id]["content"]["user_ids"],
        json!([bob.id])
    );
    let first = ask(&alice, None, body.clone()).await.ok();
    let (third, _) = tokio::join!(ask_waiting(&alice, pos(&first), 20_000, body), async {
        w.until_waiting(1).await;
        bob.stops_typing(&id).await
    });
    assert_eq!(third.ok()["extensions"]["typing"]["rooms"][&id]["content"]["user_ids"], json!([]));
}

#[tokio::test(flavor = "multi_thread")]
async fn thread_subscriptions_are_told_first_whole_then_as_they_change() {
    let w = World::start().await;
    let [alice] = w.users(["alice"]).await;
    let id = alice.creates_room().await;
    let [a, b] = [alice.sends(&id, "a").await.event_id(), alice.sends(&id, "b").await.event_id()];
    let path = |root: &str| {
        format!("/_matrix/client/unstable/io.element.msc4306/rooms/{id}/thread/{root}/subscription")
    };
    let key = "io.element.msc4308.thread_subscriptions";
    let body = only(json!({key: {"enabled": true, "limit": 10}}));
    alice.put(&path(&a), json!({})).await.ok();
    let first = ask(&alice, None, body.clone()).await.ok();
    let told = &first["extensions"][key]["subscribed"][&id][&a];
    assert!(told["automatic"] == false && told["bump_stamp"].is_u64(), "{first}");
    let other = path(&b);
    let subscribing = async {
        w.until_waiting(1).await;
        alice.put(&other, json!({})).await
    };
    let (second, _) = tokio::join!(ask_waiting(&alice, pos(&first), 20_000, body.clone()), subscribing);
    let second = second.ok();
    let told = second["extensions"][key]["subscribed"][&id].as_object().unwrap();
    assert!(told.contains_key(&b) && !told.contains_key(&a), "{second}");
    alice.delete(&path(&a)).await.ok();
    let third = ask(&alice, pos(&second), body).await.ok();
    assert!(third["extensions"][key]["unsubscribed"][&id][&a]["bump_stamp"].is_u64(), "{third}");
    assert!(room(&third, &id).is_null());
}
