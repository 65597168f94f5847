//! Configs of a room: several at once, and growing ones.

use serde_json::json;
use testkit::World;

use super::{ask, bodies, keys, list, pos, room, rooms, sorted, state};

#[tokio::test(flavor = "multi_thread")]
async fn a_subscription_finds_a_room_outside_every_list() {
    let w = World::start().await;
    let [alice] = w.users(["alice"]).await;
    let [old, new] = [alice.creates_room().await, alice.creates_room().await];
    alice.sends(&old, "in the old room").await.ok();
    alice.sends(&new, "in the new room").await.ok();
    let mut body = list(json!([[0, 0]]), 1, json!([]));
    body["room_subscriptions"] =
        json!({&old: {"timeline_limit": 2, "required_state": [["m.room.create", ""]]}});
    let answer = ask(&alice, None, body).await.ok();
    assert_eq!(rooms(&answer), sorted([&old, &new]));
    assert_eq!(state(room(&answer, &old)), keys([("m.room.create", "")]));
    assert!(state(room(&answer, &new)).is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn configs_of_one_room_are_combined() {
    let w = World::start().await;
    let [alice, bob] = w.users(["alice", "bob"]).await;
    let id = alice.creates_room_with([&bob]).await;
    for body in ["1", "2", "3"] {
        bob.sends(&id, body).await.ok();
    }
    let config = |limit: u64, rules: serde_json::Value| json!({"ranges": [[0, 9]], "timeline_limit": limit, "required_state": rules});
    let body = json!({
        "lists": {
            "a": config(1, json!([["m.room.create", ""]])),
            "b": config(3, json!([["m.room.member", "$LAZY"]])),
        },
        "room_subscriptions": {&id: {"timeline_limit": 2, "required_state": [["m.room.power_levels", ""]]}},
    });
    let answer = ask(&alice, None, body).await.ok();
    assert_eq!(bodies(room(&answer, &id)), ["1", "2", "3"]);
    let expected = keys([("m.room.create", ""), ("m.room.member", &bob.id), ("m.room.power_levels", "")]);
    assert_eq!(state(room(&answer, &id)), expected);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_longer_timeline_is_told_at_once() {
    let w = World::start().await;
    let [alice] = w.users(["alice"]).await;
    let id = alice.creates_room().await;
    for body in ["1", "2", "3"] {
        alice.sends(&id, body).await.ok();
    }
    let first = ask(&alice, None, list(json!([[0, 9]]), 1, json!([]))).await.ok();
    assert_eq!(bodies(room(&first, &id)), ["3"]);
    let mut grown = list(json!([[0, 9]]), 1, json!([]));
    grown["room_subscriptions"] = json!({&id: {"timeline_limit": 3, "required_state": []}});
    let second = ask(&alice, pos(&first), grown.clone()).await.ok();
    let part = room(&second, &id);
    assert_eq!((bodies(part), &part["num_live"]), (vec!["1", "2", "3"], &json!(0)));
    assert_eq!((&part["unstable_expanded_timeline"], &part["limited"]), (&json!(true), &json!(true)));
    assert!(part.get("initial").is_none());
    let third = ask(&alice, pos(&second), grown.clone()).await.ok();
    assert!(room(&third, &id).is_null(), "once is enough: {third}");
    let smaller = ask(&alice, pos(&third), list(json!([[0, 9]]), 1, json!([]))).await.ok();
    let again = ask(&alice, pos(&smaller), grown).await.ok();
    assert!(room(&again, &id).is_null(), "what was sent stays sent: {again}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_room_told_from_its_beginning_does_not_grow() {
    let w = World::start().await;
    let [alice] = w.users(["alice"]).await;
    let id = alice.creates_room().await;
    let first = ask(&alice, None, list(json!([[0, 9]]), 50, json!([]))).await.ok();
    assert_eq!(room(&first, &id)["limited"], false);
    let second = ask(&alice, pos(&first), list(json!([[0, 9]]), 90, json!([]))).await.ok();
    assert!(room(&second, &id).is_null(), "{second}");
}

#[tokio::test(flavor = "multi_thread")]
async fn more_required_state_is_told_at_once_and_only_the_new_part() {
    let w = World::start().await;
    let [alice] = w.users(["alice"]).await;
    let id = alice.creates_room_like(json!({"name": "Tea", "topic": "Green"})).await.room_id();
    let first = ask(&alice, None, list(json!([[0, 9]]), 1, json!([["m.room.name", ""]]))).await.ok();
    let both = list(json!([[0, 9]]), 1, json!([["m.room.name", ""], ["m.room.topic", ""]]));
    let second = ask(&alice, pos(&first), both.clone()).await.ok();
    assert_eq!(state(room(&second, &id)), keys([("m.room.topic", "")]));
    let shrunk = ask(&alice, pos(&second), list(json!([[0, 9]]), 1, json!([["m.room.name", ""]]))).await.ok();
    assert!(room(&shrunk, &id).is_null(), "{shrunk}");
    alice.sets_state(&id, "m.room.topic", "", json!({"topic": "Black"})).await.ok();
    let silent = ask(&alice, pos(&shrunk), list(json!([[0, 9]]), 1, json!([["m.room.name", ""]]))).await.ok();
    assert!(state(room(&silent, &id)).is_empty(), "nobody asked for the topic");
    let grown = ask(&alice, pos(&silent), both).await.ok();
    let topic = &room(&grown, &id)["required_state"][0];
    assert_eq!(topic["content"]["topic"], "Black");
}
