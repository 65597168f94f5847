//! Servers that share a room, and what is heard of them.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::{Value, json};
use testkit::{Authority, Peer, User, World, segment};
use tokio::net::TcpListener;

/// The beginning of the path of a transaction.
pub(super) const TRANSACTION: &str = "/federation/v1/send/";

/// A room of the first user that the second one, of another server, has joined.
pub(super) async fn shared_room(host: &User, guest: &User, server: &World) -> String {
    let room = host.creates_room().await;
    let path = format!("/_matrix/client/v3/join/{}?via={}", segment(&room), segment(&server.server_name()));
    guest.post(&path, json!({})).await.ok();
    host.syncs_until("the guest", |body| {
        let events =
            body["rooms"]["join"][&room]["timeline"]["events"].as_array().cloned().unwrap_or_default();
        events.iter().any(|event| event["state_key"] == guest.id && event["content"]["membership"] == "join")
    })
    .await;
    room
}

/// A server that can be killed, and a peer of it.
pub(crate) async fn process_and_peer() -> (World, Peer) {
    let (world, authority) = process().await;
    let peer = peer_of(&authority).await;
    (world, peer)
}

/// A server that can be killed, and the authority that it trusts.
pub(crate) async fn process() -> (World, Arc<Authority>) {
    let authority = Arc::new(Authority::new(&["127.0.0.1".to_owned()]));
    (World::federating_process(Arc::clone(&authority)).await, authority)
}

/// A peer whose name is its address.
pub(crate) async fn peer_of(authority: &Authority) -> Peer {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let name = listener.local_addr().unwrap().to_string();
    Peer::listening(listener, name, authority, BTreeMap::new())
}

/// Texts of the messages by somebody in a user's view of the room, oldest first.
pub(super) async fn texts(user: &User, room: &str, sender: &User) -> Vec<String> {
    let history = user.whole_history(room).await;
    let said =
        history.iter().filter(|event| event["sender"] == sender.id && event["type"] == "m.room.message");
    said.filter_map(|event| Some(event["content"]["body"].as_str()?.to_owned())).collect()
}

/// What a room says of itself beside its timeline.
/// Sends so many messages: their texts, and the id of the last.
pub(super) async fn says_many(user: &User, room: &str, count: usize) -> (Vec<String>, String) {
    let texts: Vec<String> = (0..count).map(|number| format!("message {number}")).collect();
    let mut last = String::new();
    for text in &texts {
        last = user.sends(room, text).await.event_id();
    }
    (texts, last)
}

pub(super) fn ephemeral<'a>(body: &'a Value, room: &str, kind: &str) -> Option<&'a Value> {
    let events = body["rooms"]["join"][room]["ephemeral"]["events"].as_array()?;
    events.iter().find(|event| event["type"] == kind)
}
