//! Creates rooms, each with a name and a topic: many events that belong together.

use serde_json::json;
use testkit::User;

use super::Person;
use crate::{attempt::post, history::History};

/// What every room of a builder has, whole.
const STATE: [&str; 7] = [
    "m.room.create",
    "m.room.member",
    "m.room.power_levels",
    "m.room.join_rules",
    "m.room.history_visibility",
    "m.room.name",
    "m.room.topic",
];

pub struct Builder {
    user: User,
    built: Vec<String>,
    checked: usize,
}

impl Builder {
    pub fn new(user: User) -> Self {
        Self { user, built: Vec::new(), checked: 0 }
    }

    async fn builds(&mut self) -> Result<(), String> {
        let number = self.built.len();
        let body = json!({"preset": "public_chat", "name": format!("room {number}"), "topic": "a topic"});
        let answer = post(&self.user, "/_matrix/client/v3/createRoom", &body).await?;
        self.built.push(answer["room_id"].as_str().ok_or("a room without an id")?.to_owned());
        Ok(())
    }

    async fn is_whole(&self, room: &str) -> Result<(), String> {
        let state = self.user.reads_room(room, "state").await.ok();
        let kinds: Vec<&str> =
            state.as_array().ok_or("no state")?.iter().filter_map(|event| event["type"].as_str()).collect();
        match STATE.iter().find(|wanted| !kinds.contains(wanted)) {
            None => Ok(()),
            Some(missing) => Err(format!("{room} is half a room: no {missing} in {kinds:?}")),
        }
    }
}

#[async_trait::async_trait]
impl Person for Builder {
    async fn works(&mut self) -> String {
        loop {
            if let Err(reason) = self.builds().await {
                return reason;
            }
        }
    }

    async fn settles(&mut self) -> Result<(), String> {
        self.builds().await
    }

    /// Every acknowledged room is there; a room nobody was told of is there whole or not at all.
    async fn checks(&mut self, _: &History) -> Result<(), String> {
        let there = self.user.joined_rooms().await;
        if let Some(lost) = self.built.iter().find(|room| !there.contains(room)) {
            return Err(format!("lost the room {lost}"));
        }
        let untold: Vec<_> = there.iter().filter(|room| !self.built.contains(room)).collect();
        for room in self.built[self.checked..].iter().chain(untold) {
            self.is_whole(room).await?;
        }
        self.checked = self.built.len();
        Ok(())
    }

    fn acknowledged(&self) -> usize {
        self.built.len()
    }
}
