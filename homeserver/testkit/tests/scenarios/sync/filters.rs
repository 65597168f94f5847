//! Filters, written into the request and stored.

use serde_json::{Value, json};
use testkit::{User, World};

use super::{bodies, events, inline, room};

#[tokio::test(flavor = "multi_thread")]
async fn a_stored_filter_and_the_same_one_inline_do_the_same() {
    let w = World::start().await;
    let [alice] = w.users(["alice"]).await;
    let id = alice.creates_room().await;
    for number in 0..5 {
        alice.sends(&id, &format!("{number}")).await.ok();
    }
    let filter = json!({"room": {"timeline": {"limit": 2}, "state": {"types": ["m.room.create"]}}});
    let stored = alice.stores_filter(filter.clone()).await;
    for query in [format!("filter={stored}"), inline(&filter)] {
        let sync = alice.sync_with(&format!("timeout=0&{query}")).await.ok();
        let part = room(&sync, "join", &id);
        assert_eq!(bodies(part), ["3", "4"]);
        assert_eq!(events(part, "state").len(), 1);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn filters_that_are_none_are_refused() {
    let w = World::start().await;
    let [alice] = w.users(["alice"]).await;
    for filter in [
        "nosuchfilter",
        "%7B",
        "%7B%22room%22%3A%5B%5D%7D",
        "%7B%22room%22%3A%7B%22rooms%22%3A%5B%22no%22%5D%7D%7D",
    ] {
        alice.sync_with(&format!("timeout=0&filter={filter}")).await.fails_as(400, "M_INVALID_PARAM");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn rooms_and_sections_can_be_left_out() {
    let w = World::start().await;
    let [alice] = w.users(["alice"]).await;
    let [one, two] = [alice.creates_room().await, alice.creates_room().await];
    alice.sets_room_account_data(&one, "org.lian.room", json!({})).await.ok();
    let filter = inline(&json!({
        "account_data": {"types": []},
        "room": {"not_rooms": [two], "timeline": {"not_rooms": [one]}, "account_data": {"not_types": ["org.*"]}},
    }));
    let sync = alice.sync_with(&format!("timeout=0&{filter}")).await.ok();
    assert!(sync.get("account_data").is_none());
    assert!(room(&sync, "join", &two).is_null());
    let part = room(&sync, "join", &one);
    assert!(events(part, "timeline").is_empty() && events(part, "account_data").is_empty());
    assert!(!events(part, "state").is_empty(), "without a timeline the state is that of now");
}

#[tokio::test(flavor = "multi_thread")]
async fn only_the_wanted_fields_are_sent() {
    let w = World::start().await;
    let [alice] = w.users(["alice"]).await;
    let id = alice.creates_room().await;
    alice.sends(&id, "hello").await.ok();
    let filter = json!({"event_fields": ["type", "content.body"], "room": {"timeline": {"types": ["m.room.message"]}}});
    let sync = alice.sync_with(&format!("timeout=0&{}", inline(&filter))).await.ok();
    let part = room(&sync, "join", &id);
    assert_eq!(part["timeline"]["events"], json!([{"content": {"body": "hello"}, "type": "m.room.message"}]));
}

#[tokio::test(flavor = "multi_thread")]
async fn events_come_as_servers_see_them_when_asked_for() {
    let w = World::start().await;
    let [alice] = w.users(["alice"]).await;
    let id = alice.creates_room().await;
    alice.sends(&id, "hello").await.ok();
    let sync =
        alice.sync_with(&format!("timeout=0&{}", inline(&json!({"event_format": "federation"})))).await.ok();
    let last = events(room(&sync, "join", &id), "timeline").last().copied().unwrap().clone();
    assert!(last["auth_events"].is_array() && last["hashes"].is_object(), "{last}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_of_invisible_messages_does_not_stop_the_sync() {
    let w = World::start().await;
    let [alice, bob] = w.users(["alice", "bob"]).await;
    let id = alice.creates_room_with([&bob]).await;
    bob.sends(&id, "first").await.ok();
    for number in 0..120 {
        alice.sends(&id, &format!("{number}")).await.ok();
    }
    let filter = inline(
        &json!({"room": {"timeline": {"limit": 1, "senders": [bob.id.as_str()], "types": ["m.room.message"]}}}),
    );
    let sync = alice.sync_with(&format!("timeout=0&{filter}")).await.ok();
    assert_eq!(bodies(room(&sync, "join", &id)), ["first"]);
}

/// Encryption depends on it: a client that filters members out shares the room with them all the same.
#[tokio::test(flavor = "multi_thread")]
async fn no_filter_hides_with_whom_a_room_is_shared() {
    let w = World::start().await;
    let [alice, bob] = w.users(["alice", "bob"]).await;
    let id = alice.creates_room().await;
    let without_members = json!({"not_types": ["m.room.member"]});
    let filters = [
        json!({"room": {"timeline": without_members, "state": without_members}}),
        json!({"room": {"timeline": {"limit": 0}, "state": {"types": []}}}),
        json!({"room": {"timeline": {"not_rooms": [id]}, "state": {"not_rooms": [id]}}}),
        json!({"room": {"not_rooms": [id]}}),
        json!({"room": {"rooms": []}}),
    ];
    for filter in filters {
        for full_state in [false, true] {
            let query = format!("timeout=0&full_state={full_state}&{}", inline(&filter));
            let lists = async |user: &User, since: &Value| {
                let since = since["next_batch"].as_str().unwrap();
                user.sync_with(&format!("{query}&since={since}")).await.ok()["device_lists"].clone()
            };
            let before = alice.sync_with(&query).await.ok();
            let bob_before = bob.sync_with(&query).await.ok();
            bob.joins(&id).await.ok();
            for number in 0..12 {
                bob.sends(&id, &format!("{number}")).await.ok();
            }
            assert_eq!(lists(&alice, &before).await["changed"], json!([bob.id]), "{query}");
            assert_eq!(lists(&bob, &bob_before).await["changed"], json!([alice.id, bob.id]), "{query}");
            let between = alice.sync_with(&query).await.ok();
            let bob_between = bob.sync_with(&query).await.ok();
            bob.leaves(&id).await.ok();
            assert_eq!(lists(&alice, &between).await["left"], json!([bob.id]), "{query}");
            assert_eq!(lists(&bob, &bob_between).await["left"], json!([alice.id]), "{query}");
        }
    }
}
