//! Rooms one is in: timelines, gaps, state, account data.

use serde_json::json;
use testkit::World;

use super::{bodies, events, inline, room};

#[tokio::test(flavor = "multi_thread")]
async fn a_first_sync_tells_the_newest_messages_and_the_state_before_them() {
    let w = World::start().await;
    let [alice] = w.users(["alice"]).await;
    let id = alice.creates_room().await;
    for number in 0..15 {
        alice.sends(&id, &format!("message {number}")).await.ok();
    }
    let sync = alice.syncs().await;
    let part = room(&sync, "join", &id);
    let expected: Vec<String> = (5..15).map(|number| format!("message {number}")).collect();
    assert_eq!(bodies(part), expected);
    assert_eq!(part["timeline"]["limited"], true);
    assert!(events(part, "state").iter().any(|event| event["type"] == "m.room.create"));
    assert!(events(part, "state").iter().all(|event| event.get("room_id").is_none()));
    let from = part["timeline"]["prev_batch"].as_str().unwrap();
    let page = alice.messages(&id, &format!("dir=b&from={from}&limit=2")).await.ok();
    let older: Vec<_> =
        page["chunk"].as_array().unwrap().iter().map(|event| event["content"]["body"].clone()).collect();
    assert_eq!(older, ["message 4", "message 3"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_small_room_is_told_whole_and_an_unchanged_one_not_at_all() {
    let w = World::start().await;
    let [alice] = w.users(["alice"]).await;
    let id = alice.creates_room().await;
    let first = alice.syncs().await;
    let part = room(&first, "join", &id);
    assert_eq!(part["timeline"]["limited"], false);
    assert_eq!(events(part, "timeline")[0]["type"], "m.room.create");
    assert!(events(part, "state").is_empty(), "everything is in the timeline: {part}");
    let second = alice.syncs().await;
    assert!(second.get("rooms").is_none(), "{second}");
    assert!(second.get("account_data").is_none(), "{second}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_gap_tells_the_state_that_changed_in_it() {
    let w = World::start().await;
    let [alice, bob] = w.users(["alice", "bob"]).await;
    let id = alice.creates_room_with([&bob]).await;
    bob.syncs().await;
    alice.sets_state(&id, "m.room.topic", "", json!({"topic": "old news"})).await.ok();
    alice.sets_state(&id, "m.room.topic", "", json!({"topic": "news"})).await.ok();
    for number in 0..12 {
        alice.sends(&id, &format!("{number}")).await.ok();
    }
    let sync = bob.syncs().await;
    let part = room(&sync, "join", &id);
    assert_eq!(part["timeline"]["limited"], true);
    let topics: Vec<_> =
        events(part, "state").iter().map(|event| event["content"]["topic"].clone()).collect();
    assert_eq!(topics, ["news"], "only what changed, and only the last of it");
}

#[tokio::test(flavor = "multi_thread")]
async fn state_in_the_timeline_is_not_told_twice_unless_the_whole_state_is_wanted() {
    let w = World::start().await;
    let [alice, bob] = w.users(["alice", "bob"]).await;
    let id = alice.creates_room_with([&bob]).await;
    bob.syncs().await;
    alice.sets_state(&id, "m.room.topic", "", json!({"topic": "news"})).await.ok();
    let since = bob.since().unwrap();
    let plain = bob.sync_with(&format!("timeout=0&since={since}")).await.ok();
    let part = room(&plain, "join", &id);
    assert_eq!(events(part, "timeline").len(), 1);
    assert!(events(part, "state").is_empty(), "{part}");
    let full = bob.sync_with(&format!("timeout=0&full_state=true&since={since}")).await.ok();
    let part = room(&full, "join", &id);
    assert_eq!(events(part, "timeline").len(), 1);
    let kinds: Vec<_> = events(part, "state").iter().map(|event| event["type"].clone()).collect();
    assert!(kinds.contains(&json!("m.room.create")) && !kinds.contains(&json!("m.room.topic")), "{kinds:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_state_event_that_the_timeline_filter_hides_is_in_the_state() {
    let w = World::start().await;
    let [alice, bob] = w.users(["alice", "bob"]).await;
    let id = alice.creates_room_with([&bob]).await;
    let filter = inline(&json!({"room": {"timeline": {"types": ["m.room.message"]}}}));
    bob.syncs_with(&format!("timeout=0&{filter}")).await;
    alice.sends(&id, "one").await.ok();
    alice.sets_state(&id, "m.room.topic", "", json!({"topic": "hidden"})).await.ok();
    alice.sends(&id, "two").await.ok();
    let sync = bob.syncs_with(&format!("timeout=0&{filter}")).await;
    let part = room(&sync, "join", &id);
    assert_eq!(bodies(part), ["one", "two"]);
    assert_eq!(events(part, "state")[0]["content"]["topic"], "hidden");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_newly_joined_room_comes_with_its_whole_state() {
    let w = World::start().await;
    let [alice, bob] = w.users(["alice", "bob"]).await;
    let id = alice.creates_room().await;
    for number in 0..12 {
        alice.sends(&id, &format!("{number}")).await.ok();
    }
    bob.syncs().await;
    bob.joins(&id).await.ok();
    let sync = bob.syncs().await;
    let part = room(&sync, "join", &id);
    assert_eq!(part["timeline"]["limited"], true);
    assert!(events(part, "state").iter().any(|event| event["type"] == "m.room.create"));
    assert_eq!(part["summary"]["m.joined_member_count"], 2);
    assert_eq!(part["summary"]["m.heroes"], json!([alice.id.as_str()]));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_summary_follows_invites_and_joins() {
    let w = World::start().await;
    let [alice, bob] = w.users(["alice", "bob"]).await;
    alice.syncs().await;
    let made = alice.creates_room_like(json!({"preset": "public_chat", "invite": [bob.id.as_str()]})).await;
    let id = made.room_id();
    let sync = alice.syncs().await;
    let summary = &room(&sync, "join", &id)["summary"];
    assert_eq!(
        (&summary["m.joined_member_count"], &summary["m.invited_member_count"]),
        (&json!(1), &json!(1))
    );
    bob.joins(&id).await.ok();
    let sync = alice.syncs().await;
    let summary = &room(&sync, "join", &id)["summary"];
    assert_eq!(
        (&summary["m.joined_member_count"], &summary["m.invited_member_count"]),
        (&json!(2), &json!(0))
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn account_data_is_told_once_globally_and_in_its_room() {
    let w = World::start().await;
    let [alice] = w.users(["alice"]).await;
    let id = alice.creates_room().await;
    let first = alice.syncs().await;
    assert!(events(&first, "account_data").iter().any(|event| event["type"] == "m.push_rules"));
    alice.sets_account_data("org.lian.global", json!({"a": 1})).await.ok();
    alice.sets_room_account_data(&id, "org.lian.room", json!({"b": 2})).await.ok();
    let sync = alice.syncs().await;
    assert_eq!(sync["account_data"]["events"], json!([{"content": {"a": 1}, "type": "org.lian.global"}]));
    let part = room(&sync, "join", &id);
    assert_eq!(part["account_data"]["events"], json!([{"content": {"b": 2}, "type": "org.lian.room"}]));
    assert!(alice.syncs().await.get("account_data").is_none());
}

#[tokio::test(flavor = "multi_thread")]
async fn messages_of_ignored_users_are_left_out_and_their_state_is_not() {
    let w = World::start().await;
    let [alice, bob, carol] = w.users(["alice", "bob", "carol"]).await;
    let id = alice.creates_room_with([&bob, &carol]).await;
    alice.ignores([&bob]).await.ok();
    alice.syncs().await;
    bob.sends(&id, "ignored").await.ok();
    carol.sends(&id, "heard").await.ok();
    bob.leaves(&id).await.ok();
    let sync = alice.syncs().await;
    let part = room(&sync, "join", &id);
    assert_eq!(bodies(part), ["heard"]);
    assert_eq!(super::members(part, "timeline"), [bob.id.as_str()]);
}

#[tokio::test(flavor = "multi_thread")]
async fn invites_are_told_unless_an_ignored_user_sends_them() {
    let w = World::start().await;
    let [alice, bob, carol] = w.users(["alice", "bob", "carol"]).await;
    alice.ignores([&bob]).await.ok();
    alice.syncs().await;
    let invite = json!({"preset": "private_chat", "invite": [alice.id.as_str()], "name": "Lunch"});
    let from_bob = bob.creates_room_like(invite.clone()).await.room_id();
    let from_carol = carol.creates_room_like(invite).await.room_id();
    for sync in [
        alice.sync_with(&format!("timeout=0&since={}", alice.since().unwrap())).await.ok(),
        alice.syncs().await,
    ] {
        assert!(room(&sync, "invite", &from_bob).is_null());
        let stripped = &room(&sync, "invite", &from_carol)["invite_state"]["events"];
        let stripped = stripped.as_array().unwrap();
        assert!(
            stripped
                .iter()
                .any(|event| event["type"] == "m.room.name" && event["content"]["name"] == "Lunch")
        );
        assert!(
            stripped
                .iter()
                .any(|event| event["type"] == "m.room.member" && event["content"]["membership"] == "invite")
        );
    }
    assert!(alice.syncs().await.get("rooms").is_none(), "an invite is told once");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_room_that_is_entered_again_brings_its_older_account_data() {
    let w = World::start().await;
    let [alice, bob] = w.users(["alice", "bob"]).await;
    let room = alice.creates_room().await;
    bob.joins(&room).await.ok();
    bob.sets_room_account_data(&room, "org.example.note", json!({"text": "tea"})).await.ok();
    bob.leaves(&room).await.ok();
    bob.syncs().await;
    bob.joins(&room).await.ok();
    let joined = bob.waits_to_have_joined(&room).await;
    let events = joined["account_data"]["events"].as_array().unwrap();
    let note = events.iter().find(|event| event["type"] == "org.example.note").unwrap();
    assert_eq!(note["content"], json!({"text": "tea"}));
}
