//! What people do on the stage, through the clients that they have.

use http::Method;
use serde_json::{Value, json};

use super::{Stage, stage::SERVER_NAME};
use crate::Call;

impl Stage {
    /// A room of a person, with the bot asked in; the bot joins when things settle.
    #[must_use]
    pub fn room_with(&self, person: &str, bot: &str, is_direct: bool) -> String {
        let made = self.homeserver.does(
            person,
            Call::new(Method::POST, &["client", "v3", "createRoom"]).json(json!({
                "is_direct": is_direct, "invite": [format!("@{bot}:{SERVER_NAME}")],
            })),
        );
        made["room_id"].as_str().expect("a room id").to_owned()
    }

    /// Asks somebody into a room.
    pub fn invites(&self, person: &str, room: &str, whom: &str) {
        let path = ["client", "v3", "rooms", room, "invite"];
        self.homeserver.does(person, Call::new(Method::POST, &path).json(json!({ "user_id": whom })));
    }

    /// Joins a room that the person was asked into.
    pub fn joins(&self, person: &str, room: &str) {
        self.homeserver.does(person, Call::new(Method::POST, &["client", "v3", "rooms", room, "join"]));
    }

    /// Leaves a room, or refuses to come.
    pub fn leaves(&self, person: &str, room: &str) {
        self.homeserver.does(person, Call::new(Method::POST, &["client", "v3", "rooms", room, "leave"]));
    }

    /// Says something; the event.
    pub fn says(&self, person: &str, room: &str, body: &str) -> String {
        self.sends(person, room, "m.room.message", json!({ "msgtype": "m.text", "body": body }))
    }

    /// Answers an event; the event.
    pub fn replies(&self, person: &str, room: &str, to: &str, body: &str) -> String {
        let relates = json!({ "m.in_reply_to": { "event_id": to } });
        let content = json!({ "msgtype": "m.text", "body": body, "m.relates_to": relates });
        self.sends(person, room, "m.room.message", content)
    }

    /// Says something in a thread; the event.
    pub fn says_in_thread(&self, person: &str, room: &str, root: &str, body: &str) -> String {
        let relates = json!({ "rel_type": "m.thread", "event_id": root });
        let content = json!({ "msgtype": "m.text", "body": body, "m.relates_to": relates });
        self.sends(person, room, "m.room.message", content)
    }

    /// Edits a message; the event.
    pub fn edits(&self, person: &str, room: &str, original: &str, body: &str) -> String {
        let content = json!({
            "msgtype": "m.text", "body": format!("* {body}"),
            "m.new_content": { "msgtype": "m.text", "body": body },
            "m.relates_to": { "rel_type": "m.replace", "event_id": original },
        });
        self.sends(person, room, "m.room.message", content)
    }

    /// Edits a card of a bot as if it were this person's, with this state behind it.
    pub fn forges(&self, person: &str, room: &str, card: &str, text: &str, state: &Value) {
        let edit = json!({
            "msgtype": "m.text", "body": format!("* {text}"), "com.lianqiao.card": state,
            "m.relates_to": { "rel_type": "m.replace", "event_id": card },
            "m.new_content": { "msgtype": "m.text", "body": text, "com.lianqiao.card": state },
        });
        self.sends(person, room, "m.room.message", edit);
    }

    /// Reacts to an event; the event.
    pub fn reacts(&self, person: &str, room: &str, to: &str, key: &str) -> String {
        let relates = json!({ "rel_type": "m.annotation", "event_id": to, "key": key });
        self.sends(person, room, "m.reaction", json!({ "m.relates_to": relates }))
    }

    /// Redacts an event; the event.
    pub fn redacts(&self, person: &str, room: &str, event: &str) -> String {
        let transaction = self.rng.string(8);
        let path = ["client", "v3", "rooms", room, "redact", event, &transaction];
        let sent = self.homeserver.does(person, Call::new(Method::PUT, &path).json(json!({})));
        sent["event_id"].as_str().expect("an event id").to_owned()
    }

    /// Sends any event; the event.
    pub fn sends(&self, person: &str, room: &str, kind: &str, content: Value) -> String {
        let transaction = self.rng.string(8);
        let path = ["client", "v3", "rooms", room, "send", kind, &transaction];
        let sent = self.homeserver.does(person, Call::new(Method::PUT, &path).json(content));
        sent["event_id"].as_str().expect("an event id").to_owned()
    }

    /// Sets state of a room.
    pub fn sets_state(&self, person: &str, room: &str, kind: &str, state_key: &str, content: Value) {
        let path = ["client", "v3", "rooms", room, "state", kind, state_key];
        self.homeserver.does(person, Call::new(Method::PUT, &path).json(content));
    }
}
