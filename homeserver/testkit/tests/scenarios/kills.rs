//! The server is killed in the middle of something, at moments that a scenario can only guess. After the start nothing is
//! half done, and what was not done is done by asking again.

use std::time::Duration;

use http::Method;
use serde_json::{Value, json};
use testkit::{PeerRoom, User, World, segment};

use crate::federation_sending::{peer_of, process};

/// How long something has been going on when the server dies, in ms.
const MOMENTS_MS: [u64; 6] = [0, 1, 3, 8, 20, 50];

/// Asks for something and kills the server a little later, whatever became of it.
async fn asks_and_kills(world: &mut World, user: &User, path: String, body: Value, moment_ms: u64) {
    let (asking, body) = (user.clone(), body.to_string().into_bytes());
    let asked = tokio::spawn(async move { drop(asking.try_request(Method::POST, &path, Some(body)).await) });
    tokio::time::sleep(Duration::from_millis(moment_ms)).await;
    world.is_killed_and_comes_back().await;
    asked.await.unwrap();
}

/// Whether a room has what every room has.
async fn is_whole(user: &User, room: &str) -> bool {
    let state = user.reads_room(room, "state").await.ok();
    let kinds: Vec<&str> =
        state.as_array().unwrap().iter().filter_map(|event| event["type"].as_str()).collect();
    ["m.room.create", "m.room.member", "m.room.power_levels", "m.room.join_rules"]
        .iter()
        .all(|kind| kinds.contains(kind))
}

#[tokio::test]
async fn t28_a_kill_during_a_join_leaves_no_half_of_the_room() {
    let (mut world, authority) = process().await;
    let alice = world.user("alice").await;
    for moment_ms in MOMENTS_MS {
        let peer = peer_of(&authority).await;
        let room = PeerRoom::founded(&peer, &peer.user("charlie"), "11");
        peer.hosts(&room);
        let path = format!("/_matrix/client/v3/join/{}?via={}", segment(&room.room_id), segment(peer.name()));
        asks_and_kills(&mut world, &alice, path.clone(), json!({}), moment_ms).await;
        let is_in = alice.joined_rooms().await.contains(&room.room_id);
        if is_in {
            assert!(is_whole(&alice, &room.room_id).await, "after {moment_ms} ms");
        }
        alice.post(&path, json!({})).await.ok();
        assert!(is_whole(&alice, &room.room_id).await, "after {moment_ms} ms and another try");
        let said = alice.sends(&room.room_id, "I am in").await.event_id();
        peer.waits_to_receive(&said).await;
    }
}

#[tokio::test]
async fn t28_a_kill_during_an_upgrade_leaves_whole_rooms() {
    let (mut world, _authority) = process().await;
    let alice = world.user("alice").await;
    for moment_ms in MOMENTS_MS {
        let old = alice.creates_room_like(json!({ "preset": "public_chat", "room_version": "11" })).await;
        let old = old.room_id();
        let path = format!("/_matrix/client/v3/rooms/{}/upgrade", segment(&old));
        asks_and_kills(&mut world, &alice, path.clone(), json!({ "new_version": "12" }), moment_ms).await;
        for room in alice.joined_rooms().await {
            assert!(is_whole(&alice, &room).await, "{room} after {moment_ms} ms");
        }
        let mut tombstone = alice.state(&old, "m.room.tombstone", "").await;
        let new = if tombstone.status() == 200 {
            tombstone.body()["replacement_room"].clone()
        } else {
            alice.post(&path, json!({ "new_version": "12" })).await.ok()["replacement_room"].clone()
        };
        let new = new.as_str().unwrap();
        assert!(is_whole(&alice, new).await, "after {moment_ms} ms");
        alice.sends(new, "here it goes on").await.ok();
    }
}
