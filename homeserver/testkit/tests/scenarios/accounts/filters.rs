use serde_json::json;
use testkit::{World, segment};

use super::CLIENT;

#[tokio::test(flavor = "multi_thread")]
async fn a_filter_comes_back_as_it_was_and_the_same_filter_has_the_same_id() {
    let w = World::start().await;
    let [alice, bob] = w.users(["alice", "bob"]).await;
    let filter = json!({"room": {"timeline": {"limit": 10, "org.example.key": [1]}}});
    let id = alice.stores_filter(filter.clone()).await;
    assert_eq!(alice.stores_filter(filter.clone()).await, id);
    let path = format!("{CLIENT}/user/{}/filter", alice.id);
    assert_eq!(alice.get(&format!("{path}/{id}")).await.ok(), filter);
    alice.get(&format!("{path}/unknown")).await.fails_as(404, "M_NOT_FOUND");
    bob.get(&format!("{path}/{id}")).await.fails_as(403, "M_FORBIDDEN");
    bob.post(&path, filter).await.fails_as(403, "M_FORBIDDEN");
}

#[tokio::test(flavor = "multi_thread")]
async fn malformed_filters_are_refused() {
    let w = World::start().await;
    let [alice] = w.users(["alice"]).await;
    let path = format!("{CLIENT}/user/{}/filter", alice.id);
    let malformed = [
        json!({"room": []}),
        json!({"room": {"timeline": {"limit": "ten"}}}),
        json!({"room": {"rooms": ["not a room"]}}),
        json!({"presence": {"senders": ["not a user"]}}),
        json!([]),
    ];
    for filter in malformed {
        let mut answer = alice.post(&path, filter.clone()).await;
        assert_eq!(answer.status(), 400, "{filter}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn filters_of_absurd_size_are_refused_and_slow_nobody_down() {
    let w = World::start().await;
    let [alice] = w.users(["alice"]).await;
    let room = alice.creates_room().await;
    let path = format!("{CLIENT}/user/{}/filter", alice.id);
    let rooms: Vec<_> = (0..50_000).map(|number| format!("!{number}:test.example")).collect();
    alice.post(&path, json!({"room": {"rooms": rooms}})).await.fails_as(400, "M_TOO_LARGE");
    // The largest that fits, of patterns that each event must be held against.
    let types: Vec<_> = (0..3_000).map(|number| format!("*a*{number}*")).collect();
    let filter = json!({"room": {"timeline": {"types": types, "limit": u32::MAX}}});
    let id = alice.post(&path, filter).await.ok()["filter_id"].as_str().unwrap().to_owned();
    for _ in 0..20 {
        alice.sends(&room, &"a".repeat(1_000)).await.ok();
    }
    let sync = alice.sync_with(&format!("timeout=0&filter={id}")).await.ok();
    assert!(sync["rooms"]["join"][&room]["timeline"]["events"].as_array().is_none_or(Vec::is_empty));
    // In a query it meets the bound on addresses.
    let inline = segment(&json!({"room": {"rooms": &rooms[..1_000]}}).to_string());
    alice.sync_with(&format!("timeout=0&filter={inline}")).await.expect_status(414);
}
