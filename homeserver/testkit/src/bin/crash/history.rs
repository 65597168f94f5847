//! The history of the room that everybody writes to, as the server tells it after a start.

use serde_json::Value;
use testkit::{User, segment};

/// All events of the room so far, oldest first; read on from where the last reading ended.
#[derive(Default)]
pub struct History {
    events: Vec<Value>,
}

impl History {
    /// Reads what is new since the last reading.
    pub async fn reads_on(&mut self, reader: &User, room: &str) -> Result<(), String> {
        let last = self.events.last().map(|event| event["event_id"].clone());
        let mut new = Vec::new();
        let mut from = String::new();
        loop {
            let page = reader.messages(room, &format!("dir=b&limit=100{from}")).await.ok();
            let chunk = page["chunk"].as_array().ok_or("a page without chunk")?;
            let until = chunk.iter().position(|event| Some(&event["event_id"]) == last.as_ref());
            new.extend(chunk[..until.unwrap_or(chunk.len())].iter().cloned());
            match (until, page["end"].as_str()) {
                (None, Some(end)) => from = format!("&from={}", segment(end)),
                (None, None) if last.is_some() => return Err(format!("history lost {last:?}")),
                (Some(_), _) | (None, None) => break,
            }
        }
        new.reverse();
        self.events.extend(new);
        Ok(())
    }

    /// Reads all of it once more from the beginning and compares.
    pub async fn reads_again(&self, reader: &User, room: &str) -> Result<(), String> {
        let mut again = Self::default();
        again.reads_on(reader, room).await?;
        if again.ids() == self.ids() { Ok(()) } else { Err("the history changed between readings".into()) }
    }

    /// The event ids, oldest first.
    pub fn ids(&self) -> Vec<&str> {
        self.events.iter().filter_map(|event| event["event_id"].as_str()).collect()
    }

    /// The event ids of the messages of one sender, oldest first.
    pub fn messages_of(&self, sender: &str) -> Vec<&str> {
        let is_theirs = |event: &&Value| event["sender"] == sender && event["type"] == "m.room.message";
        self.events.iter().filter(is_theirs).filter_map(|event| event["event_id"].as_str()).collect()
    }

    /// How many events there are.
    pub fn len(&self) -> usize {
        self.events.len()
    }
}
