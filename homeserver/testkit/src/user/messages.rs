//! What a person says, and reads again.

use std::time::Duration;

use serde_json::{Value, json};

use super::{User, segment};
use crate::Answer;

impl User {
    /// Sends a text message under a new transaction id.
    pub async fn sends(&self, room: &str, text: &str) -> Answer {
        self.sends_event(room, "m.room.message", json!({"msgtype": "m.text", "body": text})).await
    }

    /// Sends any message-like event under a new transaction id.
    pub async fn sends_event(&self, room: &str, kind: &str, content: Value) -> Answer {
        self.sends_event_as(room, kind, &self.new_txn_id(), content).await
    }

    /// Sends any message-like event under this transaction id.
    pub async fn sends_event_as(&self, room: &str, kind: &str, txn_id: &str, content: Value) -> Answer {
        let path =
            format!("/_matrix/client/v3/rooms/{}/send/{}/{}", segment(room), segment(kind), segment(txn_id));
        self.put(&path, content).await
    }

    /// Replaces the text of a message, a moment after what was said before: of two edits in one millisecond that of the greater id is
    /// the newer, whichever was sent first.
    pub async fn edits(&self, room: &str, event: &str, text: &str) -> Answer {
        tokio::time::sleep(Duration::from_millis(2)).await;
        let content = json!({
            "msgtype": "m.text",
            "body": format!("* {text}"),
            "m.new_content": {"msgtype": "m.text", "body": text},
            "m.relates_to": {"rel_type": "m.replace", "event_id": event},
        });
        self.sends_event(room, "m.room.message", content).await
    }

    /// Answers in the thread of a message.
    pub async fn replies_in_thread(&self, room: &str, root: &str, text: &str) -> Answer {
        let content = json!({
            "msgtype": "m.text",
            "body": text,
            "m.relates_to": {"rel_type": "m.thread", "event_id": root},
        });
        self.sends_event(room, "m.room.message", content).await
    }

    /// Reacts to a message.
    pub async fn reacts(&self, room: &str, event: &str, key: &str) -> Answer {
        let content = json!({"m.relates_to": {"rel_type": "m.annotation", "event_id": event, "key": key}});
        self.sends_event(room, "m.reaction", content).await
    }

    /// Redacts an event.
    pub async fn redacts(&self, room: &str, event: &str) -> Answer {
        let path = format!(
            "/_matrix/client/v3/rooms/{}/redact/{}/{}",
            segment(room),
            segment(event),
            self.new_txn_id()
        );
        self.put(&path, json!({})).await
    }

    /// Reads one event.
    pub async fn event(&self, room: &str, event: &str) -> Answer {
        self.reads_room(room, &format!("event/{}", segment(event))).await
    }

    /// One page of a room's history; `query` like `dir=b&limit=10`.
    pub async fn messages(&self, room: &str, query: &str) -> Answer {
        self.reads_room(room, &format!("messages?{query}")).await
    }

    /// The whole visible history of a room, oldest first, read page by page to the end.
    pub async fn whole_history(&self, room: &str) -> Vec<Value> {
        let mut events = Vec::new();
        let mut query = "dir=b&limit=100".to_owned();
        loop {
            let page = self.messages(room, &query).await.ok();
            events.extend(page["chunk"].as_array().cloned().unwrap_or_default());
            let Some(end) = page["end"].as_str() else { break };
            query = format!("dir=b&limit=100&from={}", segment(end));
        }
        events.reverse();
        events
    }

    /// Tells the room how far this user has read.
    pub async fn has_read(&self, room: &str, event: &str) -> Answer {
        self.room_action(room, &format!("receipt/m.read/{}", segment(event)), json!({})).await
    }

    /// Starts typing, for at most this long.
    pub async fn types(&self, room: &str, timeout_ms: u64) -> Answer {
        let path = format!("/_matrix/client/v3/rooms/{}/typing/{}", segment(room), segment(&self.id));
        self.put(&path, json!({"typing": true, "timeout": timeout_ms})).await
    }

    /// Stops typing.
    pub async fn stops_typing(&self, room: &str) -> Answer {
        let path = format!("/_matrix/client/v3/rooms/{}/typing/{}", segment(room), segment(&self.id));
        self.put(&path, json!({"typing": false})).await
    }
}
