use serde_json::json;
use testkit::World;

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
