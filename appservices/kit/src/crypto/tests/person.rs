//! A person with a client that encrypts, on the stage of the bots.

use std::collections::BTreeMap;

use http::Method;
use library_ruma::{
    OwnedDeviceId, OwnedRoomId, OwnedUserId, api::client::sync::sync_events::DeviceLists,
    events::AnyMessageLikeEventContent, serde::Raw,
};
use matrix_sdk_crypto::{EncryptionSettings, EncryptionSyncChanges, OlmMachine};
use serde_json::{Value, json, value::to_raw_value};

use super::super::{boundary, receive::TRUST};
use crate::{Call, double::Stage};

pub const CLERK: &str = "@clerk:test";

pub struct Person {
    pub user: &'static str,
    device: &'static str,
    machine: OlmMachine,
}

impl Person {
    /// Signs in with a device of this name.
    pub async fn signs_in(stage: &Stage, user: &'static str, device: &'static str) -> Self {
        let made = Call::new(Method::PUT, &["client", "v3", "devices", device]).json(json!({}));
        stage.homeserver().does(user, made);
        let machine =
            OlmMachine::new(&OwnedUserId::try_from(user).unwrap(), &OwnedDeviceId::from(device)).await;
        let person = Self { user, device, machine };
        person.exchanges(stage).await;
        person
    }

    fn asks(&self, stage: &Stage, mut call: Call) -> Value {
        call.query.push(("device_id", self.device.to_owned()));
        stage.homeserver().does(self.user, call)
    }

    async fn exchanges(&self, stage: &Stage) {
        for _ in 0..3 {
            for request in self.machine.outgoing_requests().await.unwrap() {
                let answer = self.asks(stage, boundary::call(request.request()).unwrap());
                boundary::answered(&self.machine, request.request_id(), request.request(), &answer)
                    .await
                    .unwrap();
            }
        }
    }

    /// Receives what waits for the device.
    async fn syncs(&self, stage: &Stage) {
        let messages = stage.homeserver().take_messages(self.user, self.device);
        let messages = messages.into_iter().map(|message| Raw::from_json(to_raw_value(&message).unwrap()));
        let mut lists = DeviceLists::default();
        lists.changed =
            ["@clerk:test", "@alice:test", "@bob:test"].map(|user| user.try_into().unwrap()).into();
        let changes = EncryptionSyncChanges {
            to_device_events: messages.collect(),
            changed_devices: &lists,
            one_time_keys_counts: &BTreeMap::new(),
            unused_fallback_keys: None,
            next_batch_token: None,
        };
        self.machine.receive_sync_changes(changes, &TRUST).await.unwrap();
        self.exchanges(stage).await;
    }

    /// A room of this person with the clerk, encrypted; the clerk joins when things settle.
    pub fn encrypted_room(&self, stage: &Stage) -> String {
        let room = stage.room_with(self.user, "clerk", true);
        self.sets_encryption(stage, &room, json!({ "algorithm": "m.megolm.v1.aes-sha2" }));
        room
    }

    pub fn sets_encryption(&self, stage: &Stage, room: &str, rules: Value) {
        let path = ["client", "v3", "rooms", room, "state", "m.room.encryption", ""];
        self.asks(stage, Call::new(Method::PUT, &path).json(rules));
    }

    /// Gives the key of what is said next to the clerk's devices.
    pub async fn gives_key(&self, stage: &Stage, room: &str) {
        self.syncs(stage).await;
        let (room, clerk) = (OwnedRoomId::try_from(room).unwrap(), OwnedUserId::try_from(CLERK).unwrap());
        self.machine.update_tracked_users([&*clerk]).await.unwrap();
        self.exchanges(stage).await;
        if let Some((id, claim)) = self.machine.get_missing_sessions([&*clerk].into_iter()).await.unwrap() {
            let answer = self.asks(stage, boundary::claim_call(&claim));
            boundary::claimed(&self.machine, &id, &answer).await.unwrap();
        }
        let settings = EncryptionSettings::default();
        for request in self.machine.share_room_key(&room, [&*clerk].into_iter(), settings).await.unwrap() {
            self.asks(stage, boundary::to_device_call(&request));
            boundary::told(&self.machine, &request.txn_id).await.unwrap();
        }
    }

    /// The content of an event as it is sent to the room.
    pub async fn seals(&self, room: &str, kind: &str, content: &Value) -> Value {
        let content = Raw::<AnyMessageLikeEventContent>::from_json(to_raw_value(content).unwrap());
        let room = OwnedRoomId::try_from(room).unwrap();
        let sealed = self.machine.encrypt_room_event_raw(&room, kind, &content).await.unwrap();
        serde_json::from_str(sealed.content.json().get()).unwrap()
    }

    /// Says something encrypted; the event.
    pub async fn says(&self, stage: &Stage, room: &str, body: &str) -> String {
        self.sends(stage, room, &json!({ "msgtype": "m.text", "body": body })).await
    }

    /// Sends a message encrypted; the event.
    pub async fn sends(&self, stage: &Stage, room: &str, content: &Value) -> String {
        self.gives_key(stage, room).await;
        let content = self.seals(room, "m.room.message", content).await;
        stage.sends(self.user, room, "m.room.encrypted", content)
    }

    /// Starts a new session for what is said next.
    pub async fn forgets_the_key(&self, room: &str) {
        self.machine.discard_room_key(&OwnedRoomId::try_from(room).unwrap()).await.unwrap();
    }

    /// What the clerk has said there, as far as this person can read it, whole contents. In the clear it says nothing.
    pub async fn reads_contents(&self, stage: &Stage, room: &str) -> Vec<Value> {
        self.syncs(stage).await;
        let mut read = Vec::new();
        for event in stage.events_of_bots(room) {
            assert!(!event["type"].as_str().unwrap().contains("message"), "in the clear: {event}");
            if event["type"] != "m.room.encrypted" {
                continue;
            }
            let raw = Raw::from_json(to_raw_value(&event).unwrap());
            let room = OwnedRoomId::try_from(room).unwrap();
            if let Ok(event) = self.machine.decrypt_room_event(&raw, &room, &TRUST).await {
                let event: Value = serde_json::from_str(event.event.json().get()).unwrap();
                read.push(event["content"].clone());
            }
        }
        read
    }

    /// The texts of it.
    pub async fn reads(&self, stage: &Stage, room: &str) -> Vec<String> {
        let contents = self.reads_contents(stage, room).await;
        contents.iter().map(|content| content["body"].as_str().unwrap_or_default().to_owned()).collect()
    }

    /// Whether the clerk's device is signed by the clerk's own cross-signing keys.
    pub async fn trusts_the_clerk(&self, stage: &Stage) -> bool {
        self.syncs(stage).await;
        let clerk = OwnedUserId::try_from(CLERK).unwrap();
        self.machine.update_tracked_users([&*clerk]).await.unwrap();
        self.exchanges(stage).await;
        let devices = self.machine.get_user_devices(&clerk, None).await.unwrap();
        devices.devices().next().is_some()
            && devices.devices().all(|device| device.is_cross_signed_by_owner())
    }
}
