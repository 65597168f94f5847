//! What the adapters of all platforms do alike: reading answers of a control API, and letting things go wrong.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bridge_api::FileKind;
use bytes::Bytes;
use parking_lot::Mutex;
use serde_json::{Value, json};
use simulator_stage::Order;

use crate::{Fault, FaultKind, Given};

/// The fault that adapters play themselves, by a command of their platform.
pub(super) const TOKENS_EXPIRED: &str = "tokens.expired";

/// How long what comes later comes later.
const DELAY_MS: u64 = 300;

/// A text of an answer; empty when it is missing.
pub(super) fn text(value: &Value, name: &str) -> String {
    value[name].as_str().unwrap_or_default().to_owned()
}

/// The texts of a list of an answer.
pub(super) fn texts(value: &Value, name: &str) -> Vec<String> {
    value[name].as_array().into_iter().flatten().filter_map(Value::as_str).map(str::to_owned).collect()
}

/// What is written on the buttons of a message.
pub(super) fn buttons(message: &Value) -> Vec<String> {
    message["buttons"].as_array().into_iter().flatten().map(|button| text(button, "label")).collect()
}

/// What somebody opened.
pub(super) fn given(kind: FileKind, opened: &Value) -> Given {
    let bytes = STANDARD.decode(text(opened, "base64")).expect("base64");
    Given { kind, name: text(opened, "name"), bytes: Bytes::from(bytes) }
}

/// A list of faults as the suite wants it.
pub(super) fn faults(list: &[(&'static str, FaultKind)]) -> Vec<Fault> {
    list.iter().map(|(name, kind)| Fault { name, kind: *kind }).collect()
}

/// The order that lets a fault strike so many times; faults of the API where the path contains `path`.
pub(super) fn fail(fault: &str, times: u64, path: &str, value: Value) -> Order {
    let path = fault.starts_with("api.").then(|| path.to_owned());
    let value = match fault {
        "api.slow" | "delivery.delayed" | "socket.ack_delayed" => json!(DELAY_MS),
        _ => value,
    };
    Order::Fail { name: fault.to_owned(), times: Some(times), path, value }
}

/// Knows whether faults struck.
#[derive(Default)]
pub(super) struct Troubles {
    expired: Mutex<bool>,
}

impl Troubles {
    /// The adapter has ended the tokens of its app.
    pub(super) fn expired(&self) {
        *self.expired.lock() = true;
    }

    /// Whether a fault struck, by what the simulator counts.
    pub(super) fn has_struck(&self, fault: &str, struck: &Value) -> bool {
        if fault == TOKENS_EXPIRED { *self.expired.lock() } else { struck[fault].as_u64().unwrap_or(0) > 0 }
    }
}
