//! Windows into the list of rooms: order, ranges, filters.

use serde_json::{Value, json};
use testkit::World;

use super::{ask, ask_waiting, everything, list, pos, rooms, sorted};

#[tokio::test(flavor = "multi_thread")]
async fn rooms_come_in_the_order_of_their_last_event() {
    let w = World::start().await;
    let [alice] = w.users(["alice"]).await;
    let [a, b, c] = [alice.creates_room().await, alice.creates_room().await, alice.creates_room().await];
    alice.sends(&a, "newest").await.ok();
    let top = ask(&alice, None, list(json!([[0, 0]]), 1, json!([]))).await.ok();
    assert_eq!(rooms(&top), sorted([&a]));
    assert_eq!(top["lists"]["all"]["count"], 3);
    let rest = ask(&alice, pos(&top), list(json!([[0, 2]]), 1, json!([]))).await.ok();
    assert_eq!(rooms(&rest), sorted([&b, &c]), "the range grew, and what was sent is not sent again");
    let nothing = ask(&alice, pos(&rest), list(json!([[0, 2]]), 1, json!([]))).await.ok();
    assert!(rooms(&nothing).is_empty(), "{nothing}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reaction_moves_a_room_up_although_it_bumps_nothing() {
    let w = World::start().await;
    let [alice] = w.users(["alice"]).await;
    let a = alice.creates_room().await;
    let message = alice.sends(&a, "hello").await.event_id();
    let before = ask(&alice, None, everything()).await.ok();
    let b = alice.creates_room().await;
    alice.reacts(&a, &message, "+").await.ok();
    let answer = ask(&alice, None, list(json!([[0, 0]]), 1, json!([]))).await.ok();
    assert_eq!(rooms(&answer), sorted([&a]));
    assert_eq!(answer["rooms"][&a]["bump_stamp"], before["rooms"][&a]["bump_stamp"]);
    let both = ask(&alice, None, everything()).await.ok();
    assert!(both["rooms"][&b]["bump_stamp"].as_u64() > both["rooms"][&a]["bump_stamp"].as_u64());
}

#[tokio::test(flavor = "multi_thread")]
async fn several_ranges_and_no_range_are_understood() {
    let w = World::start().await;
    let [alice] = w.users(["alice"]).await;
    let ids = [alice.creates_room().await, alice.creates_room().await, alice.creates_room().await];
    let split = ask(&alice, None, list(json!([[0, 0], [2, 50]]), 1, json!([]))).await.ok();
    assert_eq!(rooms(&split), sorted([&ids[0], &ids[2]]));
    let all = ask(&alice, None, json!({"lists": {"all": {"timeline_limit": 1}}})).await.ok();
    assert_eq!(rooms(&all).len(), 3);
    let none = ask(&alice, None, list(json!([]), 1, json!([]))).await.ok();
    assert!(rooms(&none).is_empty());
    assert_eq!(none["lists"]["all"]["count"], 3);
}

#[tokio::test(flavor = "multi_thread")]
async fn filters_choose_rooms_by_what_they_are() {
    let w = World::start().await;
    let [alice, bob] = w.users(["alice", "bob"]).await;
    let space = alice
        .creates_room_like(json!({"creation_content": {"type": "m.space"}, "name": "Space"}))
        .await
        .room_id();
    let encryption = json!({"type": "m.room.encryption", "state_key": "", "content": {"algorithm": "m.megolm.v1.aes-sha2"}});
    let secret =
        alice.creates_room_like(json!({"initial_state": [encryption], "name": "Secret"})).await.room_id();
    let direct = alice.creates_room_like(json!({"name": "Direct"})).await.room_id();
    let invite = bob.creates_room_like(json!({"name": "Invite", "invite": [&alice.id]})).await.room_id();
    alice.sets_account_data("m.direct", json!({&bob.id: [&direct]})).await.ok();
    alice
        .put(&format!("/_matrix/client/v3/user/{}/rooms/{}/tags/m.favourite", alice.id, secret), json!({}))
        .await
        .ok();
    let child = json!({"via": ["test.example"]});
    alice.sets_state(&space, "m.space.child", &direct, child).await.ok();
    alice.sets_state(&space, "m.space.child", &secret, json!({})).await.ok();
    let table: [(Value, Vec<String>); 13] = [
        (json!({"is_dm": true}), sorted([&direct])),
        (json!({"is_dm": false, "is_invite": false}), sorted([&space, &secret])),
        (json!({"is_encrypted": true}), sorted([&secret])),
        (json!({"is_invite": true}), sorted([&invite])),
        (json!({"room_types": ["m.space"]}), sorted([&space])),
        (json!({"room_types": [null]}), sorted([&secret, &direct, &invite])),
        (json!({"not_room_types": ["m.space"]}), sorted([&secret, &direct, &invite])),
        (json!({"not_room_types": [null], "room_types": [null]}), vec![]),
        (json!({"tags": ["m.favourite"]}), sorted([&secret])),
        (json!({"not_tags": ["m.favourite"]}), sorted([&space, &direct, &invite])),
        (json!({"spaces": [&space]}), sorted([&direct])),
        (json!({"spaces": [&secret, "!unknown:test.example", "no room"]}), vec![]),
        (json!({"room_name_like": "SEC"}), sorted([&secret])),
    ];
    for (filters, expected) in table {
        let body = json!({"lists": {"all": {"ranges": [[0, 99]], "timeline_limit": 0, "filters": &filters}}});
        let answer = ask(&alice, None, body).await.ok();
        assert_eq!(rooms(&answer), expected, "{filters}");
        assert_eq!(answer["lists"]["all"]["count"], expected.len(), "{filters}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_room_that_begins_to_pass_a_filter_appears() {
    let w = World::start().await;
    let [alice] = w.users(["alice"]).await;
    let id = alice.creates_room().await;
    let body =
        json!({"lists": {"e": {"ranges": [[0, 9]], "timeline_limit": 1, "filters": {"is_encrypted": true}}}});
    let before = ask(&alice, None, body.clone()).await.ok();
    assert_eq!(before["lists"]["e"]["count"], 0);
    alice.sets_state(&id, "m.room.encryption", "", json!({"algorithm": "m.megolm.v1.aes-sha2"})).await.ok();
    let after = ask(&alice, pos(&before), body).await.ok();
    assert_eq!(rooms(&after), sorted([&id]));
    assert_eq!(after["rooms"][&id]["initial"], true);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_room_outside_the_window_wakes_nobody_and_is_told_when_it_comes_in() {
    let w = World::start().await;
    let [alice, bob] = w.users(["alice", "bob"]).await;
    let old = alice.creates_room_with([&bob]).await;
    let new = alice.creates_room().await;
    let wide = ask(&alice, None, list(json!([[0, 1]]), 1, json!([]))).await.ok();
    assert_eq!(rooms(&wide).len(), 2);
    // The window shrinks to the second place, then a message moves the old room out of it.
    let narrow = list(json!([[1, 1]]), 1, json!([]));
    let first = ask(&alice, pos(&wide), narrow.clone()).await.ok();
    bob.sends(&old, "one").await.ok();
    let second = ask_waiting(&alice, pos(&first), 300, narrow).await.ok();
    assert!(rooms(&second).is_empty(), "{second}");
    let back = ask(&alice, pos(&second), list(json!([[0, 1]]), 5, json!([]))).await.ok();
    assert!(rooms(&back).contains(&old), "{back}");
    assert!(!back["rooms"][&old]["timeline"].as_array().unwrap().is_empty());
    assert_eq!(back["rooms"].get(&new).and_then(|room| room.get("initial")), None);
}

#[tokio::test(flavor = "multi_thread")]
async fn absurd_requests_are_refused_by_name() {
    let w = World::start().await;
    let [alice] = w.users(["alice"]).await;
    let many = |entry: Value| -> Value {
        (0..101).map(|n| (format!("l{n}"), entry.clone())).collect::<serde_json::Map<_, _>>().into()
    };
    let rooms: serde_json::Map<_, _> =
        (0..101).map(|n| (format!("!r{n}:test.example"), json!({"timeline_limit": 1}))).collect();
    let rules: Vec<_> = (0..1_001).map(|n| json!(["m.x", n.to_string()])).collect();
    let ranges: Vec<_> = (0..101).map(|n| json!([n, n])).collect();
    for (body, code) in [
        (json!({"lists": many(json!({"timeline_limit": 1}))}), "M_INVALID_PARAM"),
        (json!({"room_subscriptions": rooms}), "M_INVALID_PARAM"),
        (list(json!([[9, 1]]), 1, json!([])), "M_INVALID_PARAM"),
        (list(json!(ranges), 1, json!([])), "M_INVALID_PARAM"),
        (list(json!([[0, 1]]), 1, json!(rules)), "M_INVALID_PARAM"),
        (json!({"conn_id": "c".repeat(300)}), "M_INVALID_PARAM"),
        (json!({"lists": {"n".repeat(300): {"timeline_limit": 1}}}), "M_INVALID_PARAM"),
        (list(json!([[-1, 1]]), 1, json!([])), "M_BAD_JSON"),
        (list(json!([[0]]), 1, json!([])), "M_BAD_JSON"),
        (json!({"lists": []}), "M_BAD_JSON"),
        (json!({"lists": {"all": {"timeline_limit": "much"}}}), "M_BAD_JSON"),
        (json!({"room_subscriptions": {"no room": {"timeline_limit": 1}}}), "M_INVALID_PARAM"),
        (json!({"extensions": {"to_device": {"enabled": true, "since": "../../"}}}), "M_INVALID_PARAM"),
    ] {
        ask(&alice, None, body.clone()).await.fails_as(400, code);
    }
    alice
        .post(&format!("{}?set_presence=asleep", super::UNSTABLE), json!({}))
        .await
        .fails_as(400, "M_INVALID_PARAM");
    let huge = list(json!([[0, u64::MAX]]), u64::MAX, json!([["*", "*"]]));
    let id = alice.creates_room().await;
    assert_eq!(super::rooms(&ask(&alice, None, huge).await.ok()), [id]);
    let unknown = json!({"extensions": {"org.lian.unknown": {"enabled": true}}, "org.lian.other": 1});
    assert!(pos(&ask(&alice, None, unknown).await.ok()).is_some());
}
