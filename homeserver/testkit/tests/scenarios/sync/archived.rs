//! Rooms one left: told once, up to the leave and no further.

use serde_json::json;
use testkit::World;

use super::{bodies, events, inline, room};

#[tokio::test(flavor = "multi_thread")]
async fn a_leave_is_told_once_with_what_happened_before_it() {
    let w = World::start().await;
    let [alice, bob] = w.users(["alice", "bob"]).await;
    let id = alice.creates_room_with([&bob]).await;
    bob.syncs().await;
    alice.sends(&id, "before").await.ok();
    bob.leaves(&id).await.ok();
    alice.sends(&id, "after").await.ok();
    let sync = bob.syncs().await;
    let part = room(&sync, "leave", &id);
    assert_eq!(bodies(part), ["before"]);
    assert_eq!(events(part, "timeline").last().unwrap()["content"]["membership"], "leave");
    assert!(room(&sync, "join", &id).is_null());
    assert!(bob.syncs().await.get("rooms").is_none());
}

#[tokio::test(flavor = "multi_thread")]
async fn joining_leaving_and_joining_again_in_one_gap_is_a_joined_room() {
    let w = World::start().await;
    let [alice, bob] = w.users(["alice", "bob"]).await;
    let id = bob.creates_room().await;
    alice.syncs().await;
    alice.joins(&id).await.ok();
    alice.leaves(&id).await.ok();
    alice.joins(&id).await.ok();
    let sync = alice.syncs().await;
    assert!(room(&sync, "leave", &id).is_null());
    let own: Vec<_> = events(room(&sync, "join", &id), "timeline")
        .into_iter()
        .filter(|event| event["state_key"] == alice.id.as_str())
        .map(|event| event["content"]["membership"].clone())
        .collect();
    assert_eq!(own, ["join", "leave", "join"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_turned_down_invite_shows_nothing_but_itself() {
    let w = World::start().await;
    let [alice, bob] = w.users(["alice", "bob"]).await;
    let secret = json!({"type": "m.room.history_visibility", "state_key": "", "content": {"history_visibility": "joined"}});
    let id = bob.creates_room_like(json!({"initial_state": [secret]})).await.room_id();
    bob.sends(&id, "not for alice").await.ok();
    bob.invites(&id, &alice).await.ok();
    alice.waits_for_invite(&id).await;
    alice.leaves(&id).await.ok();
    let sync = alice.syncs().await;
    let part = room(&sync, "leave", &id);
    assert_eq!(events(part, "timeline").len(), 1, "{part}");
    assert_eq!(events(part, "timeline")[0]["content"]["membership"], "leave");
    assert!(events(part, "state").is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn the_own_leave_is_seen_in_a_room_that_hides_everything() {
    let w = World::start().await;
    let [alice, bob] = w.users(["alice", "bob"]).await;
    let secret = json!({"type": "m.room.history_visibility", "state_key": "", "content": {"history_visibility": "joined"}});
    let id =
        alice.creates_room_like(json!({"preset": "public_chat", "initial_state": [secret]})).await.room_id();
    bob.joins(&id).await.ok();
    alice.syncs().await;
    alice.leaves(&id).await.ok();
    bob.sends(&id, "after").await.ok();
    let sync = alice.syncs().await;
    let part = room(&sync, "leave", &id);
    assert!(events(part, "state").is_empty(), "{part}");
    assert_eq!(events(part, "timeline").len(), 1, "{part}");
    assert_eq!(events(part, "timeline")[0]["sender"], alice.id.as_str());
}

#[tokio::test(flavor = "multi_thread")]
async fn archived_rooms_are_told_on_request_and_forgotten_ones_never() {
    let w = World::start().await;
    let [alice, bob] = w.users(["alice", "bob"]).await;
    let [kept, forgotten] = [alice.creates_room_with([&bob]).await, alice.creates_room_with([&bob]).await];
    alice.sets_state(&kept, "org.lian.test", "", json!({"when": "before"})).await.ok();
    for id in [&kept, &forgotten] {
        bob.leaves(id).await.ok();
    }
    bob.forgets(&forgotten).await.ok();
    alice.sets_state(&kept, "org.lian.test", "", json!({"when": "after"})).await.ok();
    assert!(bob.sync_with("timeout=0").await.ok().get("rooms").is_none(), "left rooms are not told unasked");
    let filter = inline(&json!({"room": {"include_leave": true, "timeline": {"limit": 0}}}));
    let sync = bob.sync_with(&format!("timeout=0&{filter}")).await.ok();
    assert!(room(&sync, "leave", &forgotten).is_null());
    let part = room(&sync, "leave", &kept);
    assert!(events(part, "timeline").is_empty());
    let state = events(part, "state");
    let test: Vec<_> = state.iter().filter(|event| event["type"] == "org.lian.test").collect();
    assert_eq!(test[0]["content"]["when"], "before");
    let own = state.iter().find(|event| event["state_key"] == bob.id.as_str()).unwrap();
    assert_eq!(own["content"]["membership"], "leave");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_happens_in_a_room_after_the_leave_stays_there() {
    let w = World::start().await;
    let [alice, bob] = w.users(["alice", "bob"]).await;
    let id = alice.creates_room_with([&bob]).await;
    bob.leaves(&id).await.ok();
    let filter = inline(&json!({"room": {"include_leave": true}}));
    bob.syncs_with(&format!("timeout=0&{filter}")).await;
    alice.sends(&id, "secret").await.ok();
    let sync = bob.syncs_with(&format!("timeout=0&{filter}")).await;
    assert!(sync.get("rooms").is_none(), "{sync}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_ban_is_told_as_a_room_one_left() {
    let w = World::start().await;
    let [alice, bob] = w.users(["alice", "bob"]).await;
    let id = alice.creates_room_with([&bob]).await;
    bob.syncs().await;
    alice.bans(&bob, &id).await.ok();
    alice.sends(&id, "after").await.ok();
    let sync = bob.syncs().await;
    let part = room(&sync, "leave", &id);
    assert_eq!(events(part, "timeline").last().unwrap()["content"]["membership"], "ban");
    assert!(bodies(part).is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_room_forgotten_right_after_the_leave_is_told_once_more() {
    let w = World::start().await;
    let [alice, bob] = w.users(["alice", "bob"]).await;
    let id = alice.creates_room_with([&bob]).await;
    bob.syncs().await;
    bob.leaves(&id).await.ok();
    bob.forgets(&id).await.ok();
    let sync = bob.syncs().await;
    let last = events(room(&sync, "leave", &id), "timeline").last().copied().unwrap().clone();
    assert_eq!(last["content"]["membership"], "leave");
    assert!(bob.syncs().await.get("rooms").is_none());
}
