//! `use_state_after` (MSC4222).

use serde_json::json;
use testkit::World;

use super::{events, inline, members, room};

#[tokio::test(flavor = "multi_thread")]
async fn the_state_is_told_as_of_the_end_of_the_timeline() {
    let w = World::start().await;
    let [alice, bob] = w.users(["alice", "bob"]).await;
    let id = alice.creates_room_with([&bob]).await;
    for (query, field) in [
        ("use_state_after=true", "state_after"),
        ("org.matrix.msc4222.use_state_after=true", "org.matrix.msc4222.state_after"),
    ] {
        let first = bob.sync_with(&format!("timeout=0&{query}")).await.ok();
        let part = room(&first, "join", &id);
        assert!(part.get("state").is_none(), "{part}");
        assert!(events(part, field).iter().any(|event| event["type"] == "m.room.create"));
        assert_eq!(members(part, field).len(), 2);
        let since = first["next_batch"].as_str().unwrap();
        alice.sets_state(&id, "m.room.topic", "", json!({"topic": field})).await.ok();
        let second = bob.sync_with(&format!("timeout=0&{query}&since={since}")).await.ok();
        let part = room(&second, "join", &id);
        assert_eq!(events(part, "timeline").len(), 1);
        assert_eq!(events(part, field)[0]["content"]["topic"], field);
        let since = second["next_batch"].as_str().unwrap();
        alice.sends(&id, "no state").await.ok();
        let third = bob.sync_with(&format!("timeout=0&{query}&since={since}")).await.ok();
        assert!(
            room(&third, "join", &id)[field]["events"].as_array().unwrap().is_empty(),
            "there, and empty"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn with_lazy_members_every_sender_of_the_timeline_is_in_it() {
    let w = World::start().await;
    let [alice, bob, carol] = w.users(["alice", "bob", "carol"]).await;
    let id = alice.creates_room_with([&carol]).await;
    for number in 0..25 {
        alice.sends(&id, &format!("{number}")).await.ok();
    }
    alice.invites(&id, &bob).await.ok();
    bob.joins(&id).await.ok();
    let filter = inline(&json!({"room": {"timeline": {"limit": 20}, "state": {"lazy_load_members": true}}}));
    let sync = alice.sync_with(&format!("timeout=0&use_state_after=true&{filter}")).await.ok();
    let part = room(&sync, "join", &id);
    let told = members(part, "state_after");
    for event in events(part, "timeline") {
        assert!(
            told.contains(&event["sender"].as_str().unwrap().to_owned()),
            "{told:?} lacks {}",
            event["sender"]
        );
    }
}
