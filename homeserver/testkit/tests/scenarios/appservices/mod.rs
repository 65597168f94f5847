//! Application services: what they are told, and what they may do.

mod accounts;
mod commands;
mod directories;
mod encryption;
mod ephemeral;
mod people;
mod questions;
mod shared;
mod speaking;
mod transactions;

use std::path::Path;

use config::Config;
use serde_json::{Value, json};
use testkit::{Bridge, ServerProcess, User, World, free_port, segment};

const CLIENT: &str = "/_matrix/client/v3";

/// Puts a registration where the server finds it.
fn register(config: &Config, name: &str, registration: &str) {
    let folder = Path::new(&config.server.data_directory).join("appservices");
    std::fs::create_dir_all(&folder).unwrap();
    std::fs::write(folder.join(format!("{name}.yaml")), registration).unwrap();
}

/// A server on which this service is registered, with more lines in its registration.
async fn world(bridge: &Bridge, more: &str) -> World {
    let registration = bridge.registration(more);
    World::configured(move |config| register(config, "bridge", &registration)).await
}

/// A server as a process on which this service is registered by a folder, with more lines in its section; somebody, a room of
/// theirs in which the service is and of which it has heard, and the service.
async fn process(bridge: &Bridge, directory: &Path, more: &str) -> (ServerProcess, User, String, User) {
    let folder = directory.join("registrations");
    std::fs::create_dir_all(&folder).unwrap();
    std::fs::write(folder.join("irc.yaml"), bridge.registration("")).unwrap();
    let more = format!("[appservices]\nregistrations = [{folder:?}]\n{more}");
    let server = ServerProcess::start(directory, free_port(), &more).await;
    let alice = server.user("alice").await;
    let room = alice.creates_room_like(json!({ "preset": "public_chat" })).await.room_id();
    let service = server.stranger().with_token("as-irc");
    service.post(&format!("{CLIENT}/join/{room}"), json!({})).await.ok();
    bridge.waits_until("the join", |bridge| !bridge.events().is_empty()).await;
    (server, alice, room, service)
}

/// Sends a message as a user of the service, with more arguments in the query.
async fn sends_as(service: &User, user: &str, room: &str, text: &str, query: &str) -> Value {
    let txn = format!("{text}{query}");
    let path = format!("{CLIENT}/rooms/{}/send/m.room.message/{}{query}", segment(room), segment(&txn));
    let body = json!({ "msgtype": "m.text", "body": text });
    service.put(&Bridge::acting(&path, user), body).await.ok()
}

/// Joins a room as a user of the service.
async fn joins_as(service: &User, user: &str, room: &str) {
    let path = Bridge::acting(&format!("{CLIENT}/join/{}", segment(room)), user);
    service.post(&path, json!({})).await.ok();
}

/// A public room of a person with a user of the service in it; the room and the user.
async fn shared_room(w: &World, bridge: &Bridge, person: &User) -> (String, String) {
    let room = person.creates_room_like(json!({ "preset": "public_chat" })).await.room_id();
    let ghost = bridge.makes_user(w, "_irc_ghost").await;
    joins_as(&bridge.client(w), &ghost, &room).await;
    (room, ghost)
}
