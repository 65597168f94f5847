//! Unread counts, whole and by thread.

use serde_json::json;
use testkit::World;

use super::{inline, room};

#[tokio::test(flavor = "multi_thread")]
async fn unread_counts_rise_with_messages_and_fall_with_receipts() {
    let w = World::start().await;
    let [alice, bob] = w.users(["alice", "bob"]).await;
    let id = alice.creates_room_with([&bob]).await;
    bob.syncs().await;
    alice.sends(&id, "one").await.ok();
    let two = alice.sends(&id, "two").await.event_id();
    let sync = bob.syncs().await;
    assert_eq!(room(&sync, "join", &id)["unread_notifications"]["notification_count"], 2);
    bob.has_read(&id, &two).await.ok();
    let sync = bob.syncs().await;
    assert_eq!(
        room(&sync, "join", &id)["unread_notifications"],
        json!({"highlight_count": 0, "notification_count": 0})
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn threads_are_counted_apart_when_asked_for() {
    let w = World::start().await;
    let [alice, bob] = w.users(["alice", "bob"]).await;
    let id = alice.creates_room_with([&bob]).await;
    bob.syncs().await;
    let root = alice.sends(&id, "root").await.event_id();
    alice.replies_in_thread(&id, &root, "reply").await.ok();
    let since = bob.since().unwrap();
    let whole = bob.sync_with(&format!("timeout=0&since={since}")).await.ok();
    let part = room(&whole, "join", &id);
    assert_eq!(part["unread_notifications"]["notification_count"], 2);
    assert!(part.get("unread_thread_notifications").is_none());
    let filter = inline(&json!({"room": {"timeline": {"unread_thread_notifications": true}}}));
    let split = bob.sync_with(&format!("timeout=0&since={since}&{filter}")).await.ok();
    let part = room(&split, "join", &id);
    assert_eq!(part["unread_notifications"]["notification_count"], 1);
    assert_eq!(part["unread_thread_notifications"][&root]["notification_count"], 1);
}
