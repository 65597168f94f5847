use serde_json::{Value, json};
use testkit::{User, World};

use super::CLIENT;

fn path(user: &User, key: &str) -> String {
    format!("{CLIENT}/profile/{}/{key}", user.id)
}

fn member_shows(sync: &Value, room: &str, key: &str, value: &str) -> bool {
    let timeline = sync["rooms"]["join"][room]["timeline"]["events"].as_array();
    timeline.is_some_and(|events| events.iter().any(|event| event["content"][key] == value))
}

#[tokio::test(flavor = "multi_thread")]
async fn name_and_avatar_are_public_and_reach_the_rooms() {
    let w = World::start().await;
    let [alice, bob] = w.users(["alice", "bob"]).await;
    let room = alice.creates_room_with([&bob]).await;
    bob.syncs().await;
    for key in ["displayname", "avatar_url"] {
        alice.put(&path(&alice, key), json!({key: "LemurLover"})).await.ok();
        assert_eq!(w.stranger().get(&path(&alice, key)).await.ok(), json!({key: "LemurLover"}));
        bob.syncs_until("the new member event", |sync| member_shows(sync, &room, key, "LemurLover")).await;
    }
    let profile = bob.get(&format!("{CLIENT}/profile/{}", alice.id)).await.ok();
    assert_eq!(profile["displayname"], "LemurLover");
    bob.put(&path(&alice, "displayname"), json!({"displayname": "no"})).await.fails_as(403, "M_FORBIDDEN");
}

#[tokio::test(flavor = "multi_thread")]
async fn further_fields_are_kept_under_both_names_of_the_endpoint() {
    let w = World::start().await;
    let [alice] = w.users(["alice"]).await;
    alice.put(&path(&alice, "m.tz"), json!({"m.tz": "Asia/Shanghai"})).await.ok();
    let unstable = format!("/_matrix/client/unstable/uk.tcpip.msc4133/profile/{}/m.tz", alice.id);
    assert_eq!(alice.get(&unstable).await.ok(), json!({"m.tz": "Asia/Shanghai"}));
    alice.delete(&unstable).await.ok();
    alice.get(&path(&alice, "m.tz")).await.fails_as(404, "M_NOT_FOUND");
}

#[tokio::test(flavor = "multi_thread")]
async fn limits_and_mistakes_are_named() {
    let w = World::start().await;
    let [alice] = w.users(["alice"]).await;
    let long = "k".repeat(256);
    alice.put(&path(&alice, &long), json!({long.as_str(): 1})).await.fails_as(400, "M_KEY_TOO_LARGE");
    let big = json!({"org.example.big": "x".repeat(65_536)});
    alice.put(&path(&alice, "org.example.big"), big).await.fails_as(400, "M_PROFILE_TOO_LARGE");
    alice.put(&path(&alice, "m.tz"), json!({"other": 1})).await.fails_as(400, "M_MISSING_PARAM");
    alice.put(&path(&alice, "m.tz"), json!(["m.tz"])).await.fails_as(400, "M_BAD_JSON");
    alice.put(&path(&alice, "displayname"), json!({"displayname": 7})).await.fails_as(400, "M_INVALID_PARAM");
    w.stranger().get(&format!("{CLIENT}/profile/@nobody:test.example")).await.fails_as(404, "M_NOT_FOUND");
}
