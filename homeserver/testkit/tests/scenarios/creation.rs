//! Creating rooms.

use base::Clock;
use serde_json::{Value, json};
use server::Options;
use testkit::World;

const VERSIONS: [&str; 12] = ["1", "2", "3", "4", "5", "6", "7", "8", "9", "10", "11", "12"];

async fn state_of(user: &testkit::User, room: &str, kind: &str) -> Value {
    user.state(room, kind, "").await.ok()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_room_of_every_version_can_be_created_and_joined_and_talked_in() {
    let w = World::start().await;
    let [alice, bob] = w.users(["alice", "bob"]).await;
    for version in VERSIONS {
        let body = json!({"room_version": version, "preset": "public_chat", "name": "N"});
        let room = alice.creates_room_like(body).await.room_id();
        assert_eq!(state_of(&alice, &room, "m.room.create").await["room_version"], version);
        bob.joins(&room).await.ok();
        let event = bob.sends(&room, "hi").await.event_id();
        let history = alice.whole_history(&room).await;
        assert!(history.iter().any(|found| found["event_id"] == event.as_str()), "version {version}");
        assert_eq!(room.contains(':'), version != "12", "version {version}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn equal_rooms_of_the_same_millisecond_are_different_rooms() {
    let options = Options { clock: Some(Clock::fake(1_800_000_000_000)), ..Options::default() };
    let w = World::in_process(|_| {}, options).await;
    let alice = w.user("alice").await;
    let create = || async { alice.creates_room_like(json!({"room_version": "12"})).await.room_id() };
    let (first, second, third) = tokio::join!(create(), create(), create());
    assert!(first != second && second != third && first != third, "{first} {second} {third}");
    assert_eq!(alice.joined_rooms().await.len(), 3);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_version_that_nobody_knows_is_refused() {
    let w = World::start().await;
    let alice = w.user("alice").await;
    alice
        .creates_room_like(json!({"room_version": "nonsense"}))
        .await
        .fails_as(400, "M_UNSUPPORTED_ROOM_VERSION");
    alice.creates_room_like(json!({"room_version": 1})).await.fails_as(400, "M_BAD_JSON");
}

#[tokio::test(flavor = "multi_thread")]
async fn events_of_a_new_room_come_in_the_order_of_the_specification() {
    let w = World::start().await;
    let [alice, bob] = w.users(["alice", "bob"]).await;
    let body = json!({
        "preset": "private_chat", "room_alias_name": "order", "name": "N", "topic": "T",
        "invite": [bob.id], "initial_state": [{"type": "a.b", "state_key": "", "content": {"c": 1}}],
    });
    let room = alice.creates_room_like(body).await.room_id();
    let mut kinds: Vec<String> = alice
        .whole_history(&room)
        .await
        .iter()
        .map(|event| event["type"].as_str().unwrap().to_owned())
        .collect();
    if kinds.first().is_some_and(|kind| kind != "m.room.create") {
        kinds.reverse();
    }
    assert_eq!(
        kinds,
        [
            "m.room.create",
            "m.room.member",
            "m.room.power_levels",
            "m.room.canonical_alias",
            "m.room.join_rules",
            "m.room.history_visibility",
            "m.room.guest_access",
            "a.b",
            "m.room.name",
            "m.room.topic",
            "m.room.member",
        ]
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn presets_set_the_rules_of_the_room() {
    let w = World::start().await;
    let alice = w.user("alice").await;
    for (preset, join_rule, guests) in [
        ("private_chat", "invite", Some("can_join")),
        ("trusted_private_chat", "invite", Some("can_join")),
        ("public_chat", "public", None),
    ] {
        let room = alice.creates_room_like(json!({"preset": preset})).await.room_id();
        assert_eq!(state_of(&alice, &room, "m.room.join_rules").await["join_rule"], join_rule);
        assert_eq!(
            state_of(&alice, &room, "m.room.history_visibility").await["history_visibility"],
            "shared"
        );
        match guests {
            Some(guests) => {
                assert_eq!(state_of(&alice, &room, "m.room.guest_access").await["guest_access"], guests);
            }
            None => drop(alice.state(&room, "m.room.guest_access", "").await.fails_as(404, "M_NOT_FOUND")),
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn name_and_topic_win_over_the_initial_state() {
    let w = World::start().await;
    let alice = w.user("alice").await;
    let initial = json!([
        {"type": "m.room.topic", "content": {"topic": "other"}},
        {"type": "m.room.join_rules", "content": {"join_rule": "knock"}},
    ]);
    let body = json!({"topic": "Tea", "initial_state": initial, "preset": "public_chat"});
    let room = alice.creates_room_like(body).await.room_id();
    let topic = state_of(&alice, &room, "m.room.topic").await;
    assert_eq!(topic["topic"], "Tea");
    assert_eq!(topic["m.topic"]["m.text"], json!([{"body": "Tea"}]));
    assert_eq!(state_of(&alice, &room, "m.room.join_rules").await["join_rule"], "knock");
}

#[tokio::test(flavor = "multi_thread")]
async fn everybody_trusted_ranks_with_the_creator() {
    let w = World::start().await;
    let [alice, bob] = w.users(["alice", "bob"]).await;
    let body =
        |version| json!({"preset": "trusted_private_chat", "invite": [bob.id], "room_version": version});
    let room = alice.creates_room_like(body("11")).await.room_id();
    let levels = state_of(&alice, &room, "m.room.power_levels").await;
    assert_eq!(levels["users"], json!({alice.id.as_str(): 100, bob.id.as_str(): 100}));
    let room = alice.creates_room_like(body("12")).await.room_id();
    assert_eq!(state_of(&alice, &room, "m.room.power_levels").await["users"], json!({}));
    assert_eq!(state_of(&alice, &room, "m.room.create").await["additional_creators"], json!([bob.id]));
}

#[tokio::test(flavor = "multi_thread")]
async fn creators_of_version_12_have_no_level() {
    let w = World::start().await;
    let [alice, bob] = w.users(["alice", "bob"]).await;
    let with_level =
        json!({"room_version": "12", "power_level_content_override": {"users": {alice.id.as_str(): 100}}});
    alice.creates_room_like(with_level).await.fails_as(400, "M_BAD_JSON");
    let body = json!({"room_version": "12", "preset": "public_chat", "creation_content": {"additional_creators": [bob.id]}});
    let room = alice.creates_room_like(body).await.room_id();
    let levels = state_of(&alice, &room, "m.room.power_levels").await;
    assert_eq!(levels["events"]["m.room.tombstone"], 150);
    bob.joins(&room).await.ok();
    bob.sets_state(&room, "m.room.name", "", json!({"name": "bob's"})).await.ok();
    alice.kicks(&bob, &room).await.fails_as(403, "M_FORBIDDEN");
    for user in [&alice, &bob] {
        let levels = json!({"users": {user.id.as_str(): 100}});
        alice.sets_state(&room, "m.room.power_levels", "", levels).await.fails_as(400, "M_BAD_JSON");
    }
    for wrong in [json!("x"), json!([1]), json!(["nobody"]), json!(["@a:dom$ain.com"])] {
        let body = json!({"room_version": "12", "creation_content": {"additional_creators": wrong}});
        assert_eq!(alice.creates_room_like(body).await.status(), 400, "{wrong}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_initial_state_that_breaks_the_rules_leaves_nothing_behind() {
    let w = World::start().await;
    let alice = w.user("alice").await;
    let body = json!({
        "room_alias_name": "half",
        "power_level_content_override": {"users": {}, "users_default": 0, "state_default": 50},
        "room_version": "11",
        "initial_state": [{"type": "a.b", "content": {}}],
    });
    alice.creates_room_like(body).await.fails_as(400, "M_INVALID_ROOM_STATE");
    assert!(alice.joined_rooms().await.is_empty());
    alice.creates_room_like(json!({"room_alias_name": "half"})).await.ok();
}

#[tokio::test(flavor = "multi_thread")]
async fn an_alias_belongs_to_one_room_also_when_two_want_it_at_once() {
    let w = World::start().await;
    let [alice, bob] = w.users(["alice", "bob"]).await;
    let body = || json!({"room_alias_name": "wanted"});
    let (mut a, mut b) = tokio::join!(alice.creates_room_like(body()), bob.creates_room_like(body()));
    let statuses = [a.status(), b.status()];
    assert!(statuses.contains(&200) && statuses.contains(&400), "{statuses:?}");
    alice.creates_room_like(body()).await.fails_as(400, "M_ROOM_IN_USE");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_direct_chat_tells_the_invited_user_so() {
    let w = World::start().await;
    let [alice, bob] = w.users(["alice", "bob"]).await;
    let body = json!({"is_direct": true, "invite": [bob.id], "preset": "trusted_private_chat"});
    let room = alice.creates_room_like(body).await.room_id();
    let sync = bob.syncs_until("an invite", |sync| sync["rooms"]["invite"].get(&room).is_some()).await;
    let events = sync["rooms"]["invite"][&room]["invite_state"]["events"].as_array().unwrap().clone();
    let own = events.iter().find(|event| event["state_key"] == bob.id.as_str()).unwrap();
    assert_eq!(own["content"]["is_direct"], true);
    assert_eq!(own["content"]["membership"], "invite");
    let kinds: Vec<&str> = events.iter().filter_map(|event| event["type"].as_str()).collect();
    assert!(kinds.contains(&"m.room.create") && kinds.contains(&"m.room.join_rules"), "{kinds:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn invitations_by_third_party_identifier_are_refused_clearly() {
    let w = World::start().await;
    let alice = w.user("alice").await;
    let invite = json!([{"id_server": "i", "id_access_token": "t", "medium": "email", "address": "a@b.c"}]);
    assert_eq!(alice.creates_room_like(json!({"invite_3pid": invite})).await.status(), 400);
    assert!(alice.joined_rooms().await.is_empty());
}
