//! Devices and their keys: what is uploaded, asked for, claimed, and sent from device to device.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value, json};

use super::homeserver::refused;
use crate::{Call, wire::CallError};

/// The keys that the homeserver has.
#[derive(Default)]
pub(super) struct Keys {
    /// By user and id.
    devices: BTreeMap<(String, String), Device>,
    /// Cross-signing keys by user and name.
    signing: BTreeMap<String, Map<String, Value>>,
    /// Messages with their addresses.
    messages: Vec<Value>,
    /// Whose devices changed.
    changed: BTreeSet<String>,
    /// Bots whose key counts are to be told.
    counted: BTreeSet<(String, String)>,
}

#[derive(Default)]
struct Device {
    keys: Value,
    one_time: BTreeMap<String, Value>,
    fallback: BTreeMap<String, Value>,
}

impl Keys {
    pub fn answer(
        &mut self,
        user: &str,
        call: &Call,
        path: &[&str],
        body: &Value,
    ) -> Result<Value, CallError> {
        let asked = call.query.iter().find(|(name, _)| *name == "device_id");
        let own = (user.to_owned(), asked.map(|(_, device)| device.clone()).unwrap_or_default());
        match (call.method.as_str(), path) {
            ("PUT", ["devices", device]) => {
                self.devices.entry((user.to_owned(), (*device).to_owned())).or_default();
                Ok(json!({}))
            }
            ("GET", ["devices", device])
                if self.devices.contains_key(&(user.to_owned(), (*device).to_owned())) =>
            {
                Ok(json!({ "device_id": device }))
            }
            ("DELETE", ["devices", device]) => {
                self.devices.remove(&(user.to_owned(), (*device).to_owned()));
                self.changed.insert(user.to_owned());
                Ok(json!({}))
            }
            ("POST", ["keys", "upload"]) => self.upload(&own, body),
            ("POST", ["keys", "query"]) => Ok(self.query(user, body)),
            ("POST", ["keys", "claim"]) => Ok(self.claim(body)),
            ("POST", ["keys", "device_signing", "upload"]) => {
                self.signing.insert(user.to_owned(), body.as_object().cloned().unwrap_or_default());
                self.changed.insert(user.to_owned());
                Ok(json!({}))
            }
            ("POST", ["keys", "signatures", "upload"]) => {
                self.sign(body);
                Ok(json!({ "failures": {} }))
            }
            ("PUT", ["sendToDevice", kind, _]) => {
                self.send(user, kind, body);
                Ok(json!({}))
            }
            _ => Err(refused(404, "M_NOT_FOUND")),
        }
    }

    fn upload(&mut self, own: &(String, String), body: &Value) -> Result<Value, CallError> {
        let device = self.devices.get_mut(own).ok_or_else(|| refused(400, "M_UNKNOWN_DEVICE"))?;
        if !body["device_keys"].is_null() {
            device.keys = body["device_keys"].clone();
            self.changed.insert(own.0.clone());
        }
        for (id, key) in body["one_time_keys"].as_object().into_iter().flatten() {
            device.one_time.insert(id.clone(), key.clone());
        }
        for (id, key) in body["fallback_keys"].as_object().into_iter().flatten() {
            device.fallback = [(id.clone(), key.clone())].into();
        }
        Ok(json!({ "one_time_key_counts": { "signed_curve25519": device.one_time.len() } }))
    }

    fn query(&self, asker: &str, body: &Value) -> Value {
        let mut answer = json!({ "device_keys": {}, "failures": {} });
        for (user, _) in body["device_keys"].as_object().into_iter().flatten() {
            let own =
                self.devices.iter().filter(|((owner, _), device)| owner == user && !device.keys.is_null());
            let devices: Map<_, _> = own.map(|((_, id), device)| (id.clone(), device.keys.clone())).collect();
            answer["device_keys"][user] = Value::Object(devices);
            let signing = self.signing.get(user);
            for name in ["master_key", "self_signing_key", "user_signing_key"] {
                if let Some(key) = signing.and_then(|keys| keys.get(name))
                    && (name != "user_signing_key" || asker == user)
                {
                    answer[format!("{name}s")][user] = key.clone();
                }
            }
        }
        answer
    }

    fn claim(&mut self, body: &Value) -> Value {
        let mut claimed = json!({});
        for (user, devices) in body["one_time_keys"].as_object().into_iter().flatten() {
            for (id, _) in devices.as_object().into_iter().flatten() {
                let Some(device) = self.devices.get_mut(&(user.clone(), id.clone())) else { continue };
                let key = device
                    .one_time
                    .pop_first()
                    .or_else(|| device.fallback.first_key_value().map(|(id, key)| (id.clone(), key.clone())));
                if let Some((name, key)) = key {
                    claimed[user][id] = json!({ name: key });
                    self.counted.insert((user.clone(), id.clone()));
                }
            }
        }
        json!({ "one_time_keys": claimed, "failures": {} })
    }

    /// Adds the signatures of what was sent to what is here.
    fn sign(&mut self, body: &Value) {
        for (user, signed) in body.as_object().into_iter().flatten() {
            for (id, object) in signed.as_object().into_iter().flatten() {
                let device = self.devices.get_mut(&(user.clone(), id.clone())).map(|device| &mut device.keys);
                let has_key = |key: &&mut Value| {
                    key["keys"].as_object().is_some_and(|keys| keys.values().any(|key| key == id))
                };
                let key = self.signing.get_mut(user).and_then(|keys| keys.values_mut().find(has_key));
                let Some(here) = device.or(key) else { continue };
                for (signer, signatures) in object["signatures"].as_object().into_iter().flatten() {
                    for (name, signature) in signatures.as_object().into_iter().flatten() {
                        here["signatures"][signer][name] = signature.clone();
                    }
                }
                self.changed.insert(user.clone());
            }
        }
    }

    fn send(&mut self, sender: &str, kind: &str, body: &Value) {
        for (user, devices) in body["messages"].as_object().into_iter().flatten() {
            for (device, content) in devices.as_object().into_iter().flatten() {
                let all = self
                    .devices
                    .keys()
                    .filter(|(owner, id)| owner == user && (device == "*" || device == id));
                for (_, device) in all {
                    self.messages.push(json!({
                        "type": kind, "sender": sender, "content": content,
                        "to_user_id": user, "to_device_id": device,
                    }));
                }
            }
        }
    }

    /// What waits for the devices of these users, or for one of them; it counts as told then.
    pub fn take_messages(&mut self, users: &[String], device: Option<&str>) -> Vec<Value> {
        let is_theirs = |message: &Value| {
            device.is_none_or(|device| message["to_device_id"] == device)
                && users.iter().any(|user| message["to_user_id"] == user.as_str())
        };
        let (theirs, others) = std::mem::take(&mut self.messages).into_iter().partition(is_theirs);
        self.messages = others;
        theirs
    }

    /// Whose devices changed; it counts as told then.
    pub fn take_changed(&mut self) -> BTreeSet<String> {
        std::mem::take(&mut self.changed)
    }

    /// How many keys those have left of whom somebody claimed one, and which of their fallback keys nobody has used.
    pub fn take_counts(&mut self) -> Option<(Value, Value)> {
        let counted = std::mem::take(&mut self.counted);
        let (mut left, mut unused) = (json!({}), json!({}));
        for (user, id) in &counted {
            let Some(device) = self.devices.get(&(user.clone(), id.clone())) else { continue };
            left[user][id] = json!({ "signed_curve25519": device.one_time.len() });
            unused[user][id] =
                json!(if device.one_time.is_empty() { vec![] } else { vec!["signed_curve25519"] });
        }
        (!counted.is_empty()).then_some((left, unused))
    }

    /// One-time keys that a user has left, of all devices.
    pub fn left(&self, user: &str) -> usize {
        self.devices
            .iter()
            .filter(|((owner, _), _)| owner == user)
            .map(|(_, device)| device.one_time.len())
            .sum()
    }
}
