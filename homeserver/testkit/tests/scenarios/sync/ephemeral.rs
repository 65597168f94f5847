//! Typing, receipts and presence.

use serde_json::json;
use testkit::World;

use super::{events, room};

#[tokio::test(flavor = "multi_thread")]
async fn typing_is_told_when_it_starts_and_when_it_stops_and_to_members_only() {
    let w = World::start().await;
    let [alice, bob, carol] = w.users(["alice", "bob", "carol"]).await;
    let id = alice.creates_room_with([&bob]).await;
    bob.syncs().await;
    carol.syncs().await;
    for typing in [true, false] {
        if typing {
            alice.types(&id, 20_000).await.ok();
        } else {
            alice.stops_typing(&id).await.ok();
        }
        let sync = bob.syncs().await;
        let part = room(&sync, "join", &id);
        let users = if typing { json!([alice.id.as_str()]) } else { json!([]) };
        assert_eq!(
            part["ephemeral"]["events"],
            json!([{"content": {"user_ids": users}, "type": "m.typing"}])
        );
        assert!(events(part, "timeline").is_empty());
    }
    assert!(bob.syncs().await.get("rooms").is_none());
    assert!(carol.syncs().await.get("rooms").is_none());
}

#[tokio::test(flavor = "multi_thread")]
async fn public_receipts_reach_all_and_private_ones_their_owner() {
    let w = World::start().await;
    let [alice, bob] = w.users(["alice", "bob"]).await;
    let id = alice.creates_room_with([&bob]).await;
    let event = alice.sends(&id, "read me").await.event_id();
    alice.syncs().await;
    bob.syncs().await;
    bob.post(&format!("/_matrix/client/v3/rooms/{id}/receipt/m.read.private/{event}"), json!({})).await.ok();
    assert!(room(&alice.syncs().await, "join", &id).is_null());
    let own = bob.syncs().await;
    let content = &room(&own, "join", &id)["ephemeral"]["events"][0]["content"];
    assert!(content[&event]["m.read.private"][bob.id.as_str()].is_object(), "{own}");
    bob.has_read(&id, &event).await.ok();
    let sync = alice.syncs().await;
    let content = &room(&sync, "join", &id)["ephemeral"]["events"][0]["content"];
    assert!(content[&event]["m.read"][bob.id.as_str()]["ts"].is_u64(), "{sync}");
}

#[tokio::test(flavor = "multi_thread")]
async fn presence_reaches_those_who_share_a_room() {
    let w = World::start().await;
    let [alice, bob, carol] = w.users(["alice", "bob", "carol"]).await;
    alice.creates_room_with([&bob]).await;
    for user in [&alice, &bob, &carol] {
        user.syncs_with("timeout=0&set_presence=offline").await;
    }
    alice.syncs_with("timeout=0&set_presence=unavailable").await;
    let heard = bob.syncs_until("alice's presence", |sync| {
        events(sync, "presence").iter().any(|event| {
            event["sender"] == alice.id.as_str() && event["content"]["presence"] == "unavailable"
        })
    });
    heard.await;
    let strange = carol.syncs_with("timeout=0&set_presence=offline").await;
    assert!(events(&strange, "presence").iter().all(|event| event["sender"] != alice.id.as_str()));
}
