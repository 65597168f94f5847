//! What sliding sync (MSC4186) promises, in the form that clients of today speak unless a test says otherwise.

use serde_json::{Value, json};
use testkit::{Answer, User};

mod config;
mod connections;
mod extensions;
mod lists;
mod membership;
mod profiles;
mod rooms;
mod stable;

const UNSTABLE: &str = "/_matrix/client/unstable/org.matrix.simplified_msc3575/sync";

/// One request at a position, and what came of it.
async fn ask(user: &User, pos: Option<&str>, body: Value) -> Answer {
    ask_waiting(user, pos, 0, body).await
}

/// The same with a long poll.
async fn ask_waiting(user: &User, pos: Option<&str>, timeout_ms: u64, body: Value) -> Answer {
    let pos = pos.map(|pos| format!("&pos={pos}")).unwrap_or_default();
    user.post(&format!("{UNSTABLE}?timeout={timeout_ms}{pos}"), body).await
}

/// The answer's position.
fn pos(answer: &Value) -> Option<&str> {
    answer["pos"].as_str()
}

/// A request for one list named `all`.
fn list(ranges: Value, timeline_limit: u64, required_state: Value) -> Value {
    json!({"lists": {"all": {
        "ranges": ranges, "timeline_limit": timeline_limit, "required_state": required_state,
    }}})
}

/// A list of everything with ten events and the names of rooms.
fn everything() -> Value {
    list(json!([[0, 99]]), 10, json!([["m.room.name", ""]]))
}

/// The part of a room, null when it is not in the answer.
fn room<'a>(answer: &'a Value, id: &str) -> &'a Value {
    answer["rooms"].get(id).unwrap_or(&Value::Null)
}

/// The rooms of an answer, sorted.
fn rooms(answer: &Value) -> Vec<String> {
    let mut ids: Vec<String> =
        answer["rooms"].as_object().map(|rooms| rooms.keys().cloned().collect()).unwrap_or_default();
    ids.sort();
    ids
}

fn sorted<const N: usize>(ids: [&String; N]) -> Vec<String> {
    let mut ids: Vec<String> = ids.into_iter().cloned().collect();
    ids.sort();
    ids
}

/// Bodies of the messages in a room's timeline, which the accepted form calls `timeline_events`.
fn bodies(part: &Value) -> Vec<&str> {
    let timeline = part["timeline"].as_array().or(part["timeline_events"].as_array());
    let events = timeline.map(Vec::as_slice).unwrap_or_default();
    events.iter().filter_map(|event| event["content"]["body"].as_str()).collect()
}

/// Type and state key of what `required_state` holds, sorted.
fn state(part: &Value) -> Vec<(String, String)> {
    let text = |event: &Value, key: &str| event[key].as_str().unwrap_or_default().to_owned();
    let events = part["required_state"].as_array().map(Vec::as_slice).unwrap_or_default();
    let mut keys: Vec<_> =
        events.iter().map(|event| (text(event, "type"), text(event, "state_key"))).collect();
    keys.sort();
    keys
}

fn keys<const N: usize>(keys: [(&str, &str); N]) -> Vec<(String, String)> {
    let mut keys: Vec<_> = keys.into_iter().map(|(kind, key)| (kind.to_owned(), key.to_owned())).collect();
    keys.sort();
    keys
}
