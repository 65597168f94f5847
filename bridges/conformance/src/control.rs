//! Commands of the control APIs, as all simulators take them, and what they answer.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bridge_api::{ConversationId, FileKind};
use bytes::Bytes;
use serde_json::{Value, json};

use crate::{Fault, FaultKind, Given, Shown};

/// Who is there on every network, and what they are called.
pub(crate) const CAST: [(&str, &str); 2] = [("zhang", "张三"), ("li", "Li Si")];

/// The fault that adapters play themselves, by a command of their platform.
pub(crate) const TOKENS_EXPIRED: &str = "tokens.expired";

/// How long what comes later comes later.
const DELAY_MS: u64 = 300;

/// A text of an answer; empty when it is missing.
pub(crate) fn text(value: &Value, name: &str) -> String {
    value[name].as_str().unwrap_or_default().to_owned()
}

/// A list of an answer; empty when it is missing.
pub(crate) fn list<'a>(value: &'a Value, name: &str) -> &'a [Value] {
    value[name].as_array().map_or(&[], Vec::as_slice)
}

/// The texts of a list of an answer.
pub(crate) fn texts(value: &Value, name: &str) -> Vec<String> {
    list(value, name).iter().filter_map(Value::as_str).map(str::to_owned).collect()
}

/// What somebody opened.
pub(crate) fn given(kind: FileKind, opened: &Value) -> Given {
    let bytes = STANDARD.decode(text(opened, "base64")).expect("base64");
    Given { kind, name: text(opened, "name"), bytes: Bytes::from(bytes) }
}

/// A command with more fields, or with others in the place of its own.
pub(crate) fn with(mut command: Value, more: Value) -> Value {
    if let (Value::Object(fields), Value::Object(more)) = (&mut command, more) {
        fields.extend(more);
    }
    command
}

/// The commands that bring the cast in, with an address each.
pub(crate) fn cast() -> impl Iterator<Item = Value> {
    CAST.into_iter().map(|(person, name)| {
        json!({ "do": "add_person", "user_id": person, "name": name, "email": format!("{person}@corp.example") })
    })
}

/// The command that makes a group of the cast, owned by `zhang` unless `more` says otherwise.
pub(crate) fn group(name: &str, more: Value) -> Value {
    let people = CAST.map(|(person, _)| person);
    with(json!({ "do": "add_chat", "name": name, "owner": "zhang", "people": people }), more)
}

/// The command that gives a platform a file of the kind that it calls `kind`.
pub(crate) fn upload(kind: &str, given: &Given) -> Value {
    json!({ "do": "upload", "kind": kind, "name": given.name, "base64": STANDARD.encode(&given.bytes) })
}

/// A list of faults as the suite wants it.
pub(crate) fn faults(list: &[(&'static str, FaultKind)]) -> Vec<Fault> {
    list.iter().map(|(name, kind)| Fault { name, kind: *kind }).collect()
}

/// The order that lets a fault strike so many times; faults of the API where the path contains `path`.
pub(crate) fn fail(fault: &str, times: u64, path: &str) -> Value {
    let mut order = json!({ "do": "fail", "name": fault, "times": times });
    if fault.starts_with("api.") {
        order["path"] = path.into();
    }
    if ["api.slow", "delivery.delayed", "socket.ack_delayed"].contains(&fault) {
        order["value"] = DELAY_MS.into();
    }
    order
}

/// The earlier message of which an answer quotes the beginning, where the platform knows no answers of robots.
pub(crate) fn quoted(words: &str, earlier: &[Shown]) -> Option<String> {
    let line = words.lines().find_map(|line| line.strip_prefix('>'))?.trim();
    let said =
        |earlier: &&Shown| line.contains(earlier.text.strip_prefix("@Bridge ").unwrap_or(&earlier.text));
    earlier.iter().find(said).map(|earlier| earlier.id.clone())
}

/// A conversation, as our connector calls it.
pub(crate) fn conversation(id: impl Into<String>) -> ConversationId {
    ConversationId::new(id).expect("an id")
}
