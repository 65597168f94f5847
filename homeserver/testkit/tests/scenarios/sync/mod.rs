//! What `/sync` promises.

use serde_json::Value;

mod archived;
mod counts;
mod devices;
mod ephemeral;
mod filters;
mod joined;
mod lazy_members;
mod state_after;
mod tokens;
mod waiting;

/// A room's part of a section, null when it is not there.
fn room<'a>(sync: &'a Value, section: &str, room: &str) -> &'a Value {
    sync["rooms"].get(section).and_then(|rooms| rooms.get(room)).unwrap_or(&Value::Null)
}

/// The events of a list that may be missing.
fn events<'a>(part: &'a Value, list: &str) -> Vec<&'a Value> {
    part[list]["events"].as_array().map(|events| events.iter().collect()).unwrap_or_default()
}

/// Bodies of the messages in a timeline.
fn bodies(part: &Value) -> Vec<String> {
    let messages = events(part, "timeline").into_iter().filter(|event| event["type"] == "m.room.message");
    messages.map(|event| event["content"]["body"].as_str().unwrap_or_default().to_owned()).collect()
}

/// The state keys of the member events in a list.
fn members(part: &Value, list: &str) -> Vec<String> {
    let members = events(part, list).into_iter().filter(|event| event["type"] == "m.room.member");
    let mut users: Vec<String> =
        members.map(|event| event["state_key"].as_str().unwrap_or_default().to_owned()).collect();
    users.sort();
    users
}

/// A filter as it stands in a query.
fn inline(filter: &Value) -> String {
    let text = filter.to_string();
    let mut query = String::from("filter=");
    for byte in text.bytes() {
        query.push_str(&format!("%{byte:02X}"));
    }
    query
}
