//! Positions: lost answers, unknown positions, several connections.

use serde_json::json;
use testkit::World;

use super::{ask, ask_waiting, bodies, everything, list, pos, room, rooms};

#[tokio::test(flavor = "multi_thread")]
async fn a_lost_answer_is_told_again_even_to_another_question() {
    let w = World::start().await;
    let [alice, bob] = w.users(["alice", "bob"]).await;
    let id = alice.creates_room_with([&bob]).await;
    let first = ask(&alice, None, everything()).await.ok();
    bob.sends(&id, "one").await.ok();
    let lost = ask(&alice, pos(&first), everything()).await.ok();
    assert_eq!(bodies(room(&lost, &id)), ["one"]);
    let again = ask(&alice, pos(&first), everything()).await.ok();
    assert_eq!(bodies(room(&again, &id)), ["one"]);
    bob.sends(&id, "two").await.ok();
    let changed =
        ask(&alice, pos(&first), list(json!([[0, 5]]), 5, json!([["m.room.create", ""]]))).await.ok();
    assert_eq!(bodies(room(&changed, &id)), ["one", "two"]);
    assert_eq!(room(&changed, &id)["required_state"].as_array().unwrap().len(), 1);
    let next =
        ask(&alice, pos(&changed), list(json!([[0, 5]]), 5, json!([["m.room.create", ""]]))).await.ok();
    assert!(rooms(&next).is_empty(), "{next}");
}

#[tokio::test(flavor = "multi_thread")]
async fn positions_that_are_not_the_last_two_are_unknown() {
    let mut w = World::start().await;
    let [alice] = w.users(["alice"]).await;
    alice.creates_room().await;
    let first = ask(&alice, None, everything()).await.ok();
    let second = ask(&alice, pos(&first), everything()).await.ok();
    let third = ask(&alice, pos(&second), everything()).await.ok();
    ask(&alice, pos(&first), everything()).await.fails_as(400, "M_UNKNOWN_POS");
    for invented in ["p1_1_2_3", "nonsense", "s72594_4483_1934", "p1_99999999999999999999_1_1"] {
        ask(&alice, Some(invented), everything()).await.fails_as(400, "M_UNKNOWN_POS");
    }
    let classic = alice.sync_with("timeout=0").await.ok();
    ask(&alice, classic["next_batch"].as_str(), everything()).await.fails_as(400, "M_UNKNOWN_POS");
    let fourth = ask(&alice, pos(&third), everything()).await.ok();
    w.restarts().await;
    ask(&alice, pos(&fourth), everything()).await.fails_as(400, "M_UNKNOWN_POS");
    assert_eq!(rooms(&ask(&alice, None, everything()).await.ok()).len(), 1, "and starts over");
}

#[tokio::test(flavor = "multi_thread")]
async fn t13_a_position_of_someone_else_opens_nothing() {
    let w = World::start().await;
    let [alice, bob] = w.users(["alice", "bob"]).await;
    let id = alice.creates_room().await;
    alice.sends(&id, "for alice").await.ok();
    let first = ask(&alice, None, everything()).await.ok();
    let position = pos(&first);
    ask(&bob, position, everything()).await.fails_as(400, "M_UNKNOWN_POS");
    assert!(rooms(&ask(&bob, None, everything()).await.ok()).is_empty());
    ask(&bob, position, everything()).await.fails_as(400, "M_UNKNOWN_POS");
    let other_device = alice.on_another_device().await;
    ask(&other_device, position, everything()).await.fails_as(400, "M_UNKNOWN_POS");
    let mut other_connection = everything();
    other_connection["conn_id"] = json!("other");
    ask(&alice, position, other_connection).await.fails_as(400, "M_UNKNOWN_POS");
    assert!(pos(&ask(&alice, position, everything()).await.ok()).is_some(), "its owner can go on");
}

#[tokio::test(flavor = "multi_thread")]
async fn connections_of_one_device_do_not_disturb_each_other() {
    let w = World::start().await;
    let [alice] = w.users(["alice"]).await;
    let id = alice.creates_room().await;
    let named = |name: &str| {
        let mut body = everything();
        body["conn_id"] = json!(name);
        body["txn_id"] = json!(name);
        body
    };
    let one = ask(&alice, None, named("one")).await.ok();
    let two = ask(&alice, None, named("two")).await.ok();
    assert_eq!((one["txn_id"].as_str(), two["txn_id"].as_str()), (Some("one"), Some("two")));
    alice.sends(&id, "to both").await.ok();
    for (name, answer) in [("one", one), ("two", two)] {
        let next = ask(&alice, pos(&answer), named(name)).await.ok();
        assert_eq!(bodies(room(&next, &id)), ["to both"], "{name}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_device_that_opens_connections_without_end_loses_the_oldest() {
    let w = World::start().await;
    let [alice] = w.users(["alice"]).await;
    let named = |number: usize| json!({"conn_id": number.to_string()});
    let oldest = ask(&alice, None, named(0)).await.ok();
    for number in 1..=16 {
        ask(&alice, None, named(number)).await.ok();
    }
    ask(&alice, pos(&oldest), named(0)).await.fails_as(400, "M_UNKNOWN_POS");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_newer_request_ends_the_wait_of_an_older_one() {
    let w = World::start().await;
    let [alice] = w.users(["alice"]).await;
    alice.creates_room().await;
    let first = ask(&alice, None, everything()).await.ok();
    let position = pos(&first).unwrap().to_owned();
    let (older, waiting) = (alice.clone(), position.clone());
    let older = tokio::spawn(async move { ask_waiting(&older, Some(&waiting), 60_000, everything()).await });
    w.until_waiting(1).await;
    ask_waiting(&alice, Some(&position), 0, everything()).await.ok();
    older.await.unwrap().fails_with("M_UNKNOWN");
}
