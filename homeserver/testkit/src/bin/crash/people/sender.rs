//! Sends numbered messages, one after another.

use serde_json::json;
use testkit::{User, segment};

use super::Person;
use crate::{attempt::put, history::History};

pub struct Sender {
    user: User,
    room: String,
    /// Event ids, in the order of their acknowledgement.
    sent: Vec<String>,
}

impl Sender {
    pub fn new(user: User, room: String) -> Self {
        Self { user, room, sent: Vec::new() }
    }

    /// Sends the next message. Its transaction id is its number, so a message in doubt is asked for again.
    async fn sends(&mut self) -> Result<(), String> {
        let number = self.sent.len();
        let path =
            format!("/_matrix/client/v3/rooms/{}/send/m.room.message/message-{number}", segment(&self.room));
        let content = json!({"msgtype": "m.text", "body": format!("message {number}")});
        let answer = put(&self.user, &path, &content).await?;
        self.sent.push(answer["event_id"].as_str().ok_or("a send without an event id")?.to_owned());
        Ok(())
    }
}

#[async_trait::async_trait]
impl Person for Sender {
    async fn works(&mut self) -> String {
        loop {
            if let Err(reason) = self.sends().await {
                return reason;
            }
        }
    }

    async fn settles(&mut self) -> Result<(), String> {
        self.sends().await
    }

    async fn checks(&mut self, history: &History) -> Result<(), String> {
        let kept = history.messages_of(&self.user.id);
        if kept == self.sent {
            return Ok(());
        }
        let lost: Vec<_> = self.sent.iter().filter(|event| !kept.contains(&event.as_str())).collect();
        Err(format!(
            "{}: {} messages acknowledged, {} kept, lost {lost:?} (or doubled, or out of order)",
            self.user.id,
            self.sent.len(),
            kept.len()
        ))
    }

    fn acknowledged(&self) -> usize {
        self.sent.len()
    }
}
