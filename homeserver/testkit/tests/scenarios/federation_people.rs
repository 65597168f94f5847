//! What users see of people and rooms on other servers without sharing a room with them.

use serde_json::json;
use testkit::{SigningKey, World, segment};

#[tokio::test]
async fn profiles_of_people_elsewhere_can_be_looked_at() {
    let [a, b] = World::federated(["a", "b"]).await;
    let (alice, bob) = (a.user("alice").await, b.user("bob").await);
    bob.put(
        &format!("/_matrix/client/v3/profile/{}/displayname", segment(&bob.id)),
        json!({ "displayname": "Bob" }),
    )
    .await
    .ok();
    let path = format!("/_matrix/client/v3/profile/{}", segment(&bob.id));
    assert_eq!(alice.get(&path).await.ok()["displayname"], "Bob");
    assert_eq!(alice.get(&format!("{path}/displayname")).await.ok(), json!({ "displayname": "Bob" }));
    alice.get(&format!("{path}/avatar_url")).await.fails_as(404, "M_NOT_FOUND");
    let nobody = format!("@nobody:{}", b.server_name());
    let path = format!("/_matrix/client/v3/profile/{}", segment(&nobody));
    alice.get(&path).await.fails_as(404, "M_NOT_FOUND");
}

#[tokio::test]
async fn aliases_and_directories_of_other_servers_are_asked_for() {
    let [a, b] = World::federated(["a", "b"]).await;
    let (alice, bob) = (a.user("alice").await, b.user("bob").await);
    let room = bob
        .post(
            "/_matrix/client/v3/createRoom",
            json!({ "preset": "public_chat", "visibility": "public", "room_alias_name": "hall", "name": "Town hall" }),
        )
        .await
        .room_id();
    let alias = format!("#hall:{}", b.server_name());
    let found = alice.get(&format!("/_matrix/client/v3/directory/room/{}", segment(&alias))).await.ok();
    assert_eq!(found, json!({ "room_id": room, "servers": [b.server_name()] }));
    let missing = format!("#cellar:{}", b.server_name());
    alice
        .get(&format!("/_matrix/client/v3/directory/room/{}", segment(&missing)))
        .await
        .fails_as(404, "M_NOT_FOUND");

    let server = b.server_name();
    let listed = alice.get(&format!("/_matrix/client/v3/publicRooms?server={}", segment(&server))).await.ok();
    assert_eq!(listed["chunk"][0]["room_id"], room);
    assert_eq!(listed["chunk"][0]["join_rule"], "public");
    let search = |term: &str| json!({ "filter": { "generic_search_term": term } });
    let path = format!("/_matrix/client/v3/publicRooms?server={}", segment(&server));
    assert_eq!(alice.post(&path, search("hall")).await.ok()["chunk"][0]["name"], "Town hall");
    assert_eq!(alice.post(&path, search("cellar")).await.ok()["chunk"], json!([]));
}

#[tokio::test]
async fn keys_of_devices_elsewhere_are_asked_for_and_claimed_once() {
    let [a, b] = World::federated(["a", "b"]).await;
    let (alice, bob) = (a.user("alice").await, b.user("bob").await);
    let key = SigningKey::new(7);
    bob.post(
        "/_matrix/client/v3/keys/upload",
        json!({
            "device_keys": key.keys_of(&bob),
            "one_time_keys": key.one_time_keys(&bob.id, &bob.device_id, 0..1),
        }),
    )
    .await
    .ok();
    let gone = "@carol:gone.test:1";
    let asked = json!({ "device_keys": { &bob.id: [], gone: [] } });
    let found = alice.post("/_matrix/client/v3/keys/query", asked).await.ok();
    assert_eq!(found["device_keys"][&bob.id][&bob.device_id]["user_id"], bob.id);
    assert!(found["failures"]["gone.test:1"].is_object());

    let wish = json!({ "one_time_keys": { &bob.id: { &bob.device_id: "signed_curve25519" } } });
    let first = alice.post("/_matrix/client/v3/keys/claim", wish.clone()).await.ok();
    assert!(first["one_time_keys"][&bob.id][&bob.device_id]["signed_curve25519:000000"].is_object());
    let second = alice.post("/_matrix/client/v3/keys/claim", wish).await.ok();
    assert_eq!(second["one_time_keys"], json!({}));
}

#[tokio::test]
async fn media_of_other_servers_are_fetched_once_and_kept() {
    let [a, mut b] = World::federated(["a", "b"]).await;
    let (alice, bob) = (a.user("alice").await, b.user("bob").await);
    let uri = bob.uploads(b"two banks", "text/plain", Some("桥.txt")).await;
    let first = alice.downloads(&uri).await;
    assert_eq!(first.bytes, b"two banks"[..]);
    assert_eq!(first.header("content-type"), Some("text/plain"));
    let missing = format!("/_matrix/client/v1/media/download/{}/nothing", b.server_name());
    alice.get(&missing).await.fails_as(404, "M_NOT_FOUND");

    b.stops().await;
    assert_eq!(alice.downloads(&uri).await.bytes, b"two banks"[..]);
}

#[tokio::test]
async fn an_openid_token_is_told_to_whoever_has_it() {
    let [a] = World::federated(["a"]).await;
    let alice = a.user("alice").await;
    let path = format!("/_matrix/client/v3/user/{}/openid/request_token", segment(&alice.id));
    let token = alice.post(&path, json!({})).await.ok();
    let token = token["access_token"].as_str().unwrap().to_owned();
    let path = format!("/_matrix/federation/v1/openid/userinfo?access_token={token}");
    assert_eq!(a.stranger().get(&path).await.ok(), json!({ "sub": alice.id }));
    let path = "/_matrix/federation/v1/openid/userinfo?access_token=x";
    a.stranger().get(path).await.fails_as(401, "M_UNKNOWN_TOKEN");
}

#[tokio::test]
async fn a_closed_server_talks_with_nobody_but_serves_its_own_people() {
    let neighbourhood = testkit::Neighbourhood::new(&["a", "b"]);
    let a =
        neighbourhood.server("a", |config| config.federation.policy = config::FederationPolicy::Closed).await;
    let b = neighbourhood.server("b", |_| {}).await;
    let (alice, bob) = (a.user("alice").await, b.user("bob").await);
    let profile = |user: &str| format!("/_matrix/client/v3/profile/{}", segment(user));
    alice.get(&profile(&bob.id)).await.fails_as(403, "M_FORBIDDEN");
    bob.get(&profile(&alice.id)).await.fails_as(403, "M_FORBIDDEN");
    alice.get(&profile(&alice.id)).await.ok();
}

#[tokio::test]
async fn media_of_a_server_that_knows_no_signed_downloads_come_the_old_way() {
    let neighbourhood = testkit::Neighbourhood::new(&["a", "eve"]);
    let a = neighbourhood.server("a", |_| {}).await;
    let eve = testkit::Peer::start(&neighbourhood, "eve").await;
    let alice = a.user("alice").await;
    let unknown = json!({ "errcode": "M_UNRECOGNIZED", "error": "Unrecognized request" });
    eve.answers("/federation/v1/media/download/", 404, unknown);
    eve.answers("/media/v3/download/", 200, json!({ "all": "there is" }));
    let found = alice.downloads(&format!("mxc://{}/old", eve.name())).await;
    assert_eq!(found.bytes, br#"{"all":"there is"}"#[..]);
    // An old server must not fetch it from yet another one, us for example.
    let asked = eve.asked();
    assert!(asked.iter().any(|asked| asked.contains("/old?allow_remote=false")), "{asked:?}");
    // One that knows the endpoint and not the file is not asked twice.
    eve.answers("/federation/v1/media/download/", 404, json!({ "errcode": "M_NOT_FOUND", "error": "none" }));
    let missing = format!("/_matrix/client/v1/media/download/{}/none", segment(eve.name()));
    alice.get(&missing).await.fails_as(404, "M_NOT_FOUND");
    assert!(!eve.asked().iter().any(|asked| asked.contains("/none?allow_remote")), "{:?}", eve.asked());
}
