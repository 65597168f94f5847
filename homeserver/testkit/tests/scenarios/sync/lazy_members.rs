//! Lazy loading of members.

use serde_json::json;
use testkit::World;

use super::{inline, members, room};

#[tokio::test(flavor = "multi_thread")]
async fn members_come_with_their_first_message_and_not_again() {
    let w = World::start().await;
    let [alice, bob, carol] = w.users(["alice", "bob", "carol"]).await;
    let id = alice.creates_room_with([&bob, &carol]).await;
    alice
        .sets_state(&id, "m.room.name", "", json!({"name": "Named, so that nobody stands for it"}))
        .await
        .ok();
    for number in 0..12 {
        alice.sends(&id, &format!("{number}")).await.ok();
    }
    let lazy = format!("timeout=0&{}", inline(&json!({"room": {"state": {"lazy_load_members": true}}})));
    let first = bob.syncs_with(&lazy).await;
    let mut expected = vec![alice.id.clone(), bob.id.clone()];
    expected.sort();
    assert_eq!(members(room(&first, "join", &id), "state"), expected, "the sender and oneself");
    carol.sends(&id, "hello").await.ok();
    let since = bob.since().unwrap();
    for _ in 0..2 {
        let second = bob.sync_with(&format!("{lazy}&since={since}")).await.ok();
        let told = members(room(&second, "join", &id), "state");
        assert_eq!(told, [carol.id.as_str()], "an answer that was lost is given again in full");
    }
    bob.syncs_with(&lazy).await;
    carol.sends(&id, "again").await.ok();
    let third = bob.syncs_with(&lazy).await;
    assert!(members(room(&third, "join", &id), "state").is_empty(), "{third}");
}

#[tokio::test(flavor = "multi_thread")]
async fn redundant_members_are_sent_when_asked_for() {
    let w = World::start().await;
    let [alice, bob] = w.users(["alice", "bob"]).await;
    let id = alice.creates_room_with([&bob]).await;
    let filter = json!({"room": {"state": {"lazy_load_members": true, "include_redundant_members": true}}});
    let lazy = format!("timeout=0&{}", inline(&filter));
    bob.syncs_with(&lazy).await;
    for _ in 0..2 {
        alice.sends(&id, "hello").await.ok();
        let sync = bob.syncs_with(&lazy).await;
        assert_eq!(members(room(&sync, "join", &id), "state"), [alice.id.as_str()]);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn members_that_changed_in_a_gap_are_always_told() {
    let w = World::start().await;
    let [alice, bob, carol] = w.users(["alice", "bob", "carol"]).await;
    let id = alice.creates_room_with([&bob]).await;
    let lazy = format!("timeout=0&{}", inline(&json!({"room": {"state": {"lazy_load_members": true}}})));
    bob.syncs_with(&lazy).await;
    alice.invites(&id, &carol).await.ok();
    carol.joins(&id).await.ok();
    for number in 0..12 {
        alice.sends(&id, &format!("{number}")).await.ok();
    }
    let sync = bob.syncs_with(&lazy).await;
    assert!(members(room(&sync, "join", &id), "state").contains(&carol.id.to_string()), "{sync}");
}
