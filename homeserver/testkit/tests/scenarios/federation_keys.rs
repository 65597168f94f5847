//! Servers find and believe each other.

use serde_json::json;
use testkit::World;

#[tokio::test]
async fn a_server_tells_its_name_its_program_and_its_keys() {
    let [a] = World::federated(["a"]).await;
    let stranger = a.stranger();
    let version = stranger.get("/_matrix/federation/v1/version").await.ok();
    assert_eq!(version["server"]["name"], "Lianqiao");

    let keys = stranger.get("/_matrix/key/v2/server").await.ok();
    assert_eq!(keys["server_name"], a.server_name());
    let (id, _) = keys["verify_keys"].as_object().unwrap().iter().next().unwrap();
    assert!(keys["signatures"][a.server_name()][id].is_string());
    // Old servers name the key.
    let again = stranger.get(&format!("/_matrix/key/v2/server/{id}")).await.ok();
    assert_eq!(again["verify_keys"], keys["verify_keys"]);
}

#[tokio::test]
async fn a_notary_vouches_for_others_and_for_itself() {
    let [a, b] = World::federated(["a", "b"]).await;
    let (a_name, b_name) = (a.server_name(), b.server_name());
    let query = json!({ "server_keys": { &a_name: {}, &b_name: {}, "gone.test:1": {} } });
    let answer = a.stranger().post("/_matrix/key/v2/query", query).await.ok();
    let mut seen: Vec<_> = answer["server_keys"].as_array().unwrap().iter().collect();
    seen.sort_by_key(|keys| keys["server_name"].to_string());
    assert_eq!(seen.len(), 2);
    assert_eq!([&seen[0]["server_name"], &seen[1]["server_name"]], [&json!(a_name), &json!(b_name)]);
    // The other server has signed what it says of itself, and the notary that it said so.
    assert!(seen[1]["signatures"][&b_name].is_object());
    assert!(seen[1]["signatures"][&a_name].is_object());

    let one = a.stranger().get(&format!("/_matrix/key/v2/query/{b_name}")).await.ok();
    assert_eq!(one["server_keys"][0]["verify_keys"], seen[1]["verify_keys"]);
}

#[tokio::test]
async fn what_must_be_signed_is_refused_without_a_signature() {
    let [a] = World::federated(["a"]).await;
    let path = "/_matrix/federation/v1/query/directory?room_alias=%23x:a.test";
    a.stranger().get(path).await.fails_as(401, "M_UNAUTHORIZED");
}
