//! A transaction in the making, and the JSON that it becomes. Events are copied as they lie.

use std::collections::{BTreeMap, BTreeSet};

use appservice::Service;
use bytes::Bytes;
use model::{RoomNum, StreamPos, json::append_array};
use ruma::{OwnedDeviceId, OwnedUserId};
use serde_json::{Map, Value, json};
use store::Batch;

use super::line::DeviceKey;

/// A body in the making.
#[derive(Default)]
pub(super) struct Draft {
    pub batch: Batch,
    pub rows_taken: usize,
    pub events: Vec<Bytes>,
    pub events_bytes: usize,
    pub receipts: BTreeMap<RoomNum, (StreamPos, StreamPos)>,
    pub ephemeral: Vec<Bytes>,
    pub to_device: Vec<Bytes>,
    pub changed: BTreeSet<OwnedUserId>,
    pub left: BTreeSet<OwnedUserId>,
    /// Users whose key counts go along.
    pub counted: BTreeSet<OwnedUserId>,
    /// Devices whose key counts changed, and since when.
    pub counts: Vec<(DeviceKey, StreamPos)>,
    pub one_time: Map<String, Value>,
    pub fallback: Map<String, Value>,
    /// Devices that have more messages than fit.
    pub unfinished: BTreeSet<DeviceKey>,
}

impl Draft {
    pub fn is_empty(&self) -> bool {
        let Self { events, ephemeral, to_device, changed, left, one_time, .. } = self;
        events.is_empty()
            && ephemeral.is_empty()
            && to_device.is_empty()
            && changed.is_empty()
            && left.is_empty()
            && one_time.is_empty()
    }
}

/// A to-device event with its address, which a device's own sync leaves out.
pub(super) fn addressed(event: &Bytes, user: &OwnedUserId, device: &OwnedDeviceId) -> Bytes {
    let address = json!({ "to_user_id": user, "to_device_id": device }).to_string();
    let rest = event.get(1..).unwrap_or_default();
    let open = address.trim_end_matches('}').as_bytes();
    [open, b",", rest].concat().into()
}

/// The JSON that is sent. Events are copied as they lie.
pub(super) fn body(service: &Service, draft: &Draft) -> Bytes {
    let mut out = Vec::with_capacity(draft.events_bytes + 1_024);
    out.extend_from_slice(b"{\"events\":");
    append_array(&mut out, &draft.events);
    // The names before the specification's are what many bridges still read.
    for (names, items) in [
        (["ephemeral", "de.sorunome.msc2409.ephemeral"], &draft.ephemeral),
        (["to_device", "de.sorunome.msc2409.to_device"], &draft.to_device),
    ] {
        if service.receives_ephemeral && !items.is_empty() {
            for name in names {
                key(&mut out, name);
                append_array(&mut out, items);
            }
        }
    }
    if !draft.changed.is_empty() || !draft.left.is_empty() {
        key(&mut out, "org.matrix.msc3202.device_lists");
        out.extend_from_slice(json!({ "changed": draft.changed, "left": draft.left }).to_string().as_bytes());
    }
    for (name, map) in [
        ("org.matrix.msc3202.device_one_time_keys_count", &draft.one_time),
        ("org.matrix.msc3202.device_unused_fallback_key_types", &draft.fallback),
    ] {
        if !map.is_empty() {
            key(&mut out, name);
            out.extend_from_slice(json!(map).to_string().as_bytes());
        }
    }
    out.push(b'}');
    out.into()
}

fn key(out: &mut Vec<u8>, name: &str) {
    out.extend_from_slice(b",\"");
    out.extend_from_slice(name.as_bytes());
    out.extend_from_slice(b"\":");
}

#[cfg(test)]
mod tests {
    use ruma::{owned_device_id, owned_user_id, server_name};

    use super::*;

    fn service(more: &str) -> Service {
        let text = format!("id: a\nurl: null\nas_token: a\nhs_token: b\nsender_localpart: s\n{more}");
        Service::parse(&text, server_name!("hs")).unwrap()
    }

    #[test]
    fn a_body_holds_both_names_and_nothing_that_was_not_asked_for() {
        let mut draft = Draft::default();
        draft.events.push(Bytes::from_static(br#"{"type":"a"}"#));
        draft.ephemeral.push(Bytes::from_static(br#"{"type":"b"}"#));
        let plain: Value = serde_json::from_slice(&body(&service(""), &draft)).unwrap();
        assert_eq!(plain, json!({ "events": [{ "type": "a" }] }));
        let all: Value = serde_json::from_slice(&body(&service("receive_ephemeral: true"), &draft)).unwrap();
        assert_eq!(all["ephemeral"], json!([{ "type": "b" }]));
        assert_eq!(all["de.sorunome.msc2409.ephemeral"], all["ephemeral"]);
        assert!(all.get("to_device").is_none());
    }

    #[test]
    fn a_message_carries_its_address() {
        let event = Bytes::from_static(br#"{"content":{"a":1},"sender":"@x:hs","type":"t"}"#);
        let (user, device) = (owned_user_id!("@b:hs"), owned_device_id!("D\"}"));
        let value: Value = serde_json::from_slice(&addressed(&event, &user, &device)).unwrap();
        let expected = json!({
            "to_user_id": "@b:hs", "to_device_id": "D\"}", "content": { "a": 1 }, "sender": "@x:hs", "type": "t",
        });
        assert_eq!(value, expected);
    }
}
