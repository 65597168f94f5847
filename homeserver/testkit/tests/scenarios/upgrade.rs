//! Room upgrades.

use serde_json::{Value, json};
use testkit::{User, World, segment};

async fn upgrades(user: &User, room: &str, body: Value) -> testkit::Answer {
    user.room_action(room, "upgrade", body).await
}

async fn upgraded(user: &User, room: &str, version: &str) -> String {
    let answer = upgrades(user, room, json!({"new_version": version})).await.ok();
    answer["replacement_room"].as_str().unwrap().to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn an_upgrade_copies_the_room_and_points_to_it() {
    let w = World::start().await;
    let [alice, bob] = w.users(["alice", "bob"]).await;
    for (from, to) in [("1", "10"), ("10", "11"), ("11", "12"), ("12", "12"), ("12", "11")] {
        let alias = format!("up-{from}-{to}");
        let body = json!({
            "room_version": from, "preset": "public_chat", "name": "N", "topic": "T", "visibility": "public",
            "room_alias_name": alias, "creation_content": {"type": "m.space"},
            "initial_state": [{"type": "m.room.history_visibility", "content": {"history_visibility": "joined"}}],
        });
        let old = alice.creates_room_like(body).await.room_id();
        bob.joins(&old).await.ok();
        alice.bans(&bob, &old).await.ok();
        let new = upgraded(&alice, &old, to).await;
        let tombstone = alice.state(&old, "m.room.tombstone", "").await.ok();
        assert_eq!(tombstone["replacement_room"], new.as_str());
        let create = alice.state(&new, "m.room.create", "").await.ok();
        assert_eq!(create["room_version"], to);
        assert_eq!(create["type"], "m.space");
        assert_eq!(create["predecessor"]["room_id"], old.as_str());
        assert_eq!(create["predecessor"].get("event_id").is_none(), to == "12");
        assert_eq!(alice.state(&new, "m.room.name", "").await.ok()["name"], "N");
        let history = alice.state(&new, "m.room.history_visibility", "").await.ok();
        assert_eq!(history["history_visibility"], "joined");
        assert_eq!(alice.state(&new, "m.room.join_rules", "").await.ok()["join_rule"], "public");
        bob.joins(&new).await.fails_as(403, "M_FORBIDDEN");
        let server = alice.id.split_once(':').unwrap().1;
        let alias = format!("#{alias}:{server}");
        let found = alice.get(&format!("/_matrix/client/v3/directory/room/{}", segment(&alias))).await.ok();
        assert_eq!(found["room_id"], new.as_str());
        assert_eq!(alice.state(&new, "m.room.canonical_alias", "").await.ok()["alias"], alias);
        let entry = |room: &str| format!("/_matrix/client/v3/directory/list/room/{}", segment(room));
        assert_eq!(alice.get(&entry(&new)).await.ok()["visibility"], "public");
        assert_eq!(alice.get(&entry(&old)).await.ok()["visibility"], "private");
        alice.sets_state(&new, "m.room.name", "", json!({"name": "still mine"})).await.ok();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn creators_lose_their_level_on_the_way_to_version_12() {
    let w = World::start().await;
    let [alice, bob, carol] = w.users(["alice", "bob", "carol"]).await;
    let old = alice.creates_room_like(json!({"room_version": "11", "preset": "public_chat"})).await.room_id();
    bob.joins(&old).await.ok();
    let levels = json!({"users": {alice.id.as_str(): 100, bob.id.as_str(): 100, carol.id.as_str(): 50}});
    alice.sets_state(&old, "m.room.power_levels", "", levels).await.ok();
    let body = json!({"new_version": "12", "additional_creators": [bob.id]});
    let answer = upgrades(&alice, &old, body).await.ok();
    let new = answer["replacement_room"].as_str().unwrap();
    let levels = alice.state(new, "m.room.power_levels", "").await.ok();
    assert_eq!(levels["users"], json!({carol.id.as_str(): 50}));
    let create = alice.state(new, "m.room.create", "").await.ok();
    assert_eq!(create["additional_creators"], json!([bob.id]));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_upgrade_needs_the_right_and_a_known_version() {
    let w = World::start().await;
    let [alice, bob] = w.users(["alice", "bob"]).await;
    let room = alice.creates_room().await;
    upgrades(&alice, &room, json!({"new_version": "none"})).await.fails_as(400, "M_UNSUPPORTED_ROOM_VERSION");
    upgrades(&bob, &room, json!({"new_version": "11"})).await.fails_as(403, "M_FORBIDDEN");
    bob.joins(&room).await.ok();
    upgrades(&bob, &room, json!({"new_version": "11"})).await.fails_as(403, "M_FORBIDDEN");
    upgrades(&alice, "!nowhere:x.y", json!({"new_version": "11"})).await.fails_as(404, "M_NOT_FOUND");
    alice.state(&room, "m.room.tombstone", "").await.fails_as(404, "M_NOT_FOUND");
}

#[tokio::test(flavor = "multi_thread")]
async fn settings_follow_the_members_also_when_the_upgrade_is_made_by_hand() {
    let w = World::start().await;
    let [alice, bob] = w.users(["alice", "bob"]).await;
    for by_hand in [false, true] {
        let old =
            alice.creates_room_like(json!({"preset": "public_chat", "room_version": "10"})).await.room_id();
        bob.joins(&old).await.ok();
        for user in [&alice, &bob] {
            let rule = format!("/_matrix/client/v3/pushrules/global/room/{}", segment(&old));
            user.put(&rule, json!({"actions": ["dont_notify"]})).await.ok();
            let tag =
                format!("/_matrix/client/v3/user/{}/rooms/{}/tags/u.work", segment(&user.id), segment(&old));
            user.put(&tag, json!({"order": 0.5})).await.ok();
        }
        let new = if by_hand {
            let predecessor = json!({"predecessor": {"room_id": old}});
            let body =
                json!({"preset": "public_chat", "room_version": "11", "creation_content": predecessor});
            let new = alice.creates_room_like(body).await.room_id();
            let tombstone = json!({"body": "moved", "replacement_room": new});
            alice.sets_state(&old, "m.room.tombstone", "", tombstone).await.ok();
            new
        } else {
            upgraded(&alice, &old, "11").await
        };
        bob.joins(&new).await.ok();
        for user in [&alice, &bob] {
            let rules = user.get("/_matrix/client/v3/pushrules/").await.ok();
            let ids: Vec<&str> = rules["global"]["room"]
                .as_array()
                .unwrap()
                .iter()
                .filter_map(|rule| rule["rule_id"].as_str())
                .collect();
            assert!(
                ids.contains(&old.as_str()) && ids.contains(&new.as_str()),
                "by hand: {by_hand}, {ids:?}"
            );
            let tags = format!("/_matrix/client/v3/user/{}/rooms/{}/tags", segment(&user.id), segment(&new));
            assert!(user.get(&tags).await.ok()["tags"].get("u.work").is_some(), "by hand: {by_hand}");
        }
    }
}
