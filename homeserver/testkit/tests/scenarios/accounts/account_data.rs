use serde_json::{Value, json};
use testkit::{User, World};

use super::CLIENT;

fn global<'a>(sync: &'a Value, kind: &str) -> Option<&'a Value> {
    let events = sync["account_data"]["events"].as_array()?;
    events.iter().find(|event| event["type"] == kind).map(|event| &event["content"])
}

fn of_room<'a>(sync: &'a Value, room: &str, kind: &str) -> Option<&'a Value> {
    let events = sync["rooms"]["join"][room]["account_data"]["events"].as_array()?;
    events.iter().find(|event| event["type"] == kind).map(|event| &event["content"])
}

fn path(user: &User, kind: &str) -> String {
    format!("{CLIENT}/user/{}/account_data/{kind}", user.id)
}

fn room_path(user: &User, room: &str, kind: &str) -> String {
    format!("{CLIENT}/user/{}/rooms/{room}/account_data/{kind}", user.id)
}

#[tokio::test(flavor = "multi_thread")]
async fn what_one_device_keeps_the_other_sees() {
    let w = World::start().await;
    let [alice] = w.users(["alice"]).await;
    let phone = alice.on_another_device().await;
    let room = alice.creates_room().await;
    phone.syncs().await;
    for value in ["first", "second"] {
        alice.put(&path(&alice, "test.key"), json!({"value": value})).await.ok();
        assert_eq!(alice.get(&path(&alice, "test.key")).await.ok(), json!({"value": value}));
        phone
            .syncs_until("the new value", |sync| global(sync, "test.key") == Some(&json!({"value": value})))
            .await;
    }
    alice.put(&room_path(&alice, &room, "test.key"), json!({"value": "room"})).await.ok();
    assert_eq!(alice.get(&room_path(&alice, &room, "test.key")).await.ok(), json!({"value": "room"}));
    phone
        .syncs_until("the value of the room", |sync| {
            of_room(sync, &room, "test.key") == Some(&json!({"value": "room"}))
        })
        .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_deletion_is_shown_once_as_empty_and_not_to_newcomers() {
    let w = World::start().await;
    let [alice] = w.users(["alice"]).await;
    for by_delete in [true, false] {
        alice.put(&path(&alice, "org.example.test"), json!({"v": 1})).await.ok();
        alice.syncs().await;
        if by_delete {
            let unstable = "/_matrix/client/unstable/org.matrix.msc3391";
            alice.delete(&format!("{unstable}/user/{}/account_data/org.example.test", alice.id)).await.ok();
        } else {
            alice.put(&path(&alice, "org.example.test"), json!({})).await.ok();
        }
        alice.syncs_until("the deletion", |sync| global(sync, "org.example.test") == Some(&json!({}))).await;
        alice.get(&path(&alice, "org.example.test")).await.fails_as(404, "M_NOT_FOUND");
        let initial = alice.on_another_device().await.syncs().await;
        assert_eq!(global(&initial, "org.example.test"), None);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn others_data_and_the_servers_own_types_are_out_of_reach() {
    let w = World::start().await;
    let [alice, bob] = w.users(["alice", "bob"]).await;
    let room = alice.creates_room().await;
    bob.put(&path(&alice, "a"), json!({"v": 1})).await.fails_as(403, "M_FORBIDDEN");
    bob.get(&path(&alice, "a")).await.fails_as(403, "M_FORBIDDEN");
    alice.put(&path(&alice, "m.push_rules"), json!({"v": 1})).await.fails_as(405, "M_BAD_JSON");
    alice.put(&room_path(&alice, &room, "m.fully_read"), json!({"v": 1})).await.fails_as(405, "M_BAD_JSON");
    alice.put(&path(&alice, "a"), json!([1])).await.fails_as(400, "M_BAD_JSON");
    alice.get(&path(&alice, "never")).await.fails_as(404, "M_NOT_FOUND");
}

#[tokio::test(flavor = "multi_thread")]
async fn tags_are_set_shown_and_removed() {
    let w = World::start().await;
    let [alice] = w.users(["alice"]).await;
    let room = alice.creates_room().await;
    alice.syncs().await;
    let tags = format!("{CLIENT}/user/{}/rooms/{room}/tags", alice.id);
    alice.put(&format!("{tags}/m.favourite"), json!({"order": 0.5})).await.ok();
    alice.put(&format!("{tags}/u.work"), json!({})).await.ok();
    let expected = json!({"tags": {"m.favourite": {"order": 0.5}, "u.work": {}}});
    assert_eq!(alice.get(&tags).await.ok(), expected);
    alice.syncs_until("the tags", |sync| of_room(sync, &room, "m.tag") == Some(&expected)).await;
    alice.delete(&format!("{tags}/u.work")).await.ok();
    assert_eq!(alice.get(&tags).await.ok(), json!({"tags": {"m.favourite": {"order": 0.5}}}));
    alice.put(&format!("{tags}/{}", "t".repeat(256)), json!({})).await.fails_as(400, "M_INVALID_PARAM");
}
