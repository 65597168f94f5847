//! The accepted form, `/v4/sync`.

use serde_json::{Value, json};
use testkit::{User, World};

use super::{bodies, keys, room, state};

async fn asks(user: &User, pos: Option<&str>, mut body: Value) -> Value {
    if let Some(pos) = pos {
        body["pos"] = json!(pos);
    }
    user.post("/_matrix/client/v4/sync", body).await.ok()
}

fn list(required_state: &Value) -> Value {
    json!({"conn_id": "main", "lists": {"rooms": {"range": [0, 9], "timeline_limit": 5, "required_state": required_state}}})
}

#[tokio::test(flavor = "multi_thread")]
async fn the_accepted_form_has_its_own_words() {
    let w = World::start().await;
    let [alice, bob] = w.users(["alice", "bob"]).await;
    let id = alice.creates_room_like(json!({"name": "Tea"})).await.room_id();
    let invite = bob.creates_room_like(json!({"invite": [&alice.id]})).await.room_id();
    alice.sends(&id, "hello").await.ok();
    let body =
        list(&json!({"include": [{"type": "m.room.name"}, {"type": "m.room.create", "state_key": ""}]}));
    let first = asks(&alice, None, body.clone()).await;
    let part = room(&first, &id);
    assert_eq!((&part["membership"], &part["lists"]), (&json!("join"), &json!(["rooms"])));
    assert_eq!((bodies(part), &part["name"]), (vec!["hello"], &json!("Tea")));
    assert_eq!(state(part), keys([("m.room.create", ""), ("m.room.name", "")]));
    assert!(part.get("notification_count").is_none() && part.get("timeline").is_none());
    let invited = room(&first, &invite);
    assert!(invited["membership"] == "invite" && invited["stripped_state"].is_array(), "{invited}");
    alice.sets_state(&id, "m.room.name", "", json!({})).await.ok();
    let second = asks(&alice, first["pos"].as_str(), body).await;
    let part = room(&second, &id);
    assert!(part.get("name").is_some_and(Value::is_null), "the name was taken away: {part}");
}

#[tokio::test(flavor = "multi_thread")]
async fn include_exclude_and_lazy_members_choose_the_state() {
    let w = World::start().await;
    let [alice, bob] = w.users(["alice", "bob"]).await;
    let id = alice.creates_room_with([&bob]).await;
    alice.sends(&id, "hello").await.ok();
    let rules = json!({"include": [{}], "exclude": [{"type": "m.room.create"}], "lazy_members": true});
    let mut body = list(&rules);
    body["lists"]["rooms"]["timeline_limit"] = json!(1);
    let answer = asks(&alice, None, body).await;
    let told = state(room(&answer, &id));
    assert!(!told.iter().any(|(kind, _)| kind == "m.room.create"));
    assert!(told.contains(&("m.room.power_levels".to_owned(), String::new())));
    let members: Vec<_> =
        told.iter().filter(|(kind, _)| kind == "m.room.member").map(|(_, key)| key).collect();
    assert_eq!(members, [&alice.id]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_longer_timeline_is_called_expanded() {
    let w = World::start().await;
    let [alice] = w.users(["alice"]).await;
    let id = alice.creates_room().await;
    alice.sends(&id, "hello").await.ok();
    let body =
        |limit: u64| json!({"room_subscriptions": {&id: {"timeline_limit": limit, "required_state": {}}}});
    let first = asks(&alice, None, body(1)).await;
    assert!(room(&first, &id).get("lists").is_none(), "it stands in none");
    let second = asks(&alice, first["pos"].as_str(), body(3)).await;
    assert_eq!(room(&second, &id)["expanded_timeline"], true, "{second}");
}

#[tokio::test(flavor = "multi_thread")]
async fn configs_must_be_whole() {
    let w = World::start().await;
    let [alice] = w.users(["alice"]).await;
    for config in [json!({"required_state": {}}), json!({"timeline_limit": 1})] {
        let body = json!({"lists": {"rooms": config}});
        alice.post("/_matrix/client/v4/sync", body).await.fails_as(400, "M_MISSING_PARAM");
    }
    let body = json!({"set_presence": "asleep"});
    alice.post("/_matrix/client/v4/sync", body).await.fails_as(400, "M_INVALID_PARAM");
}
