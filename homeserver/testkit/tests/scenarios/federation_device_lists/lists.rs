//! Lists as a peer tells them, and what our users see of them.

use serde_json::{Value, json};
use testkit::limits::LOOK_INTERVAL;
use testkit::{Peer, SigningKey, User, World};

use crate::federation_sending::process_and_peer;

/// A server that can be killed, with a room of alice's in which eve of the peer is.
pub(super) struct Killable {
    pub(super) world: World,
    pub(super) peer: Peer,
    pub(super) alice: User,
    pub(super) eve: String,
    pub(super) room: String,
}

pub(super) async fn killable() -> Killable {
    let (world, peer) = process_and_peer().await;
    let alice = world.user("alice").await;
    let room = alice.creates_room_like(json!({ "preset": "public_chat" })).await.room_id();
    peer.joins(&world, &room, "eve").await;
    let eve = peer.user("eve");
    Killable { world, peer, alice, eve, room }
}

/// The question for a whole list, and the one for keys alone.
pub(super) const WHOLE_LIST: &str = "/user/devices/";

pub(super) const KEYS_ALONE: &str = "/user/keys/query";

/// The list of a user as their server tells it: devices by name, each with the key of a number.
pub(super) fn list(user: &str, stream_id: u64, devices: &[(&str, u8)]) -> Value {
    let device = |(device, number): &(&str, u8)| json!({ "device_id": device, "keys": SigningKey::new(*number).device_keys(user, device) });
    let devices: Vec<Value> = devices.iter().map(device).collect();
    json!({ "user_id": user, "stream_id": stream_id, "devices": devices })
}

/// The announcement of a device.
pub(super) fn update(user: &str, (device, number): (&str, u8), stream_id: u64, previous: &[u64]) -> Value {
    json!({
        "user_id": user, "device_id": device, "stream_id": stream_id, "prev_id": previous,
        "keys": SigningKey::new(number).device_keys(user, device),
    })
}

/// Kills the server and waits until the peer can speak with it again: the port for clients opens first.
pub(super) async fn dies_and_comes_back(world: &mut World, peer: &Peer) {
    world.is_killed_and_comes_back().await;
    while peer.tries(world, http::Method::GET, "/_matrix/federation/v1/version", None).await.is_err() {
        tokio::time::sleep(LOOK_INTERVAL).await;
    }
}

pub(super) fn asked(peer: &Peer, part: &str) -> usize {
    peer.asked().iter().filter(|asked| asked.contains(part)).count()
}

pub(super) async fn is_asked(peer: &Peer, part: &str, times: usize) {
    while asked(peer, part) < times {
        tokio::time::sleep(LOOK_INTERVAL).await;
    }
}

/// The devices that a user sees of somebody.
pub(super) async fn devices(viewer: &User, user: &str) -> Vec<String> {
    let answer = query(viewer, user).await;
    answer["device_keys"][user].as_object().into_iter().flatten().map(|(device, _)| device.clone()).collect()
}

pub(super) async fn query(viewer: &User, user: &str) -> Value {
    viewer.post("/_matrix/client/v3/keys/query", json!({ "device_keys": { user: [] } })).await.ok()
}

/// Waits until the user is told that somebody's devices changed.
pub(crate) async fn hears_of(viewer: &User, user: &str) {
    viewer
        .syncs_until("changed devices", |body| {
            body["device_lists"]["changed"].as_array().is_some_and(|changed| changed.contains(&json!(user)))
        })
        .await;
}
