//! What a person does with rooms and with their members.

use serde_json::{Value, json};

use super::{User, segment};
use crate::Answer;

impl User {
    /// Creates a room that anyone may join, and returns its id.
    pub async fn creates_room(&self) -> String {
        self.creates_room_like(json!({"preset": "public_chat"})).await.room_id()
    }

    /// Creates a private room, invites these users and has them join; returns its id.
    pub async fn creates_room_with<const N: usize>(&self, members: [&User; N]) -> String {
        let room = self.creates_room_like(json!({"preset": "private_chat"})).await.room_id();
        for member in members {
            self.invites(&room, member).await.ok();
            member.joins(&room).await.ok();
        }
        room
    }

    /// Creates a room from the body of a `createRoom` request.
    pub async fn creates_room_like(&self, body: Value) -> Answer {
        self.post("/_matrix/client/v3/createRoom", body).await
    }

    /// Joins a room by its id, or by an alias.
    pub async fn joins(&self, room: &str) -> Answer {
        self.post(&format!("/_matrix/client/v3/join/{}", segment(room)), json!({})).await
    }

    /// Leaves a room, or turns an invitation down.
    pub async fn leaves(&self, room: &str) -> Answer {
        self.room_action(room, "leave", json!({})).await
    }

    /// Forgets a room that was left.
    pub async fn forgets(&self, room: &str) -> Answer {
        self.room_action(room, "forget", json!({})).await
    }

    /// Knocks on a room.
    pub async fn knocks(&self, room: &str) -> Answer {
        self.post(&format!("/_matrix/client/v3/knock/{}", segment(room)), json!({})).await
    }

    /// Invites a user.
    pub async fn invites(&self, room: &str, user: &User) -> Answer {
        self.room_action(room, "invite", json!({"user_id": user.id})).await
    }

    /// Kicks a user out.
    pub async fn kicks(&self, user: &User, room: &str) -> Answer {
        self.room_action(room, "kick", json!({"user_id": user.id})).await
    }

    /// Bans a user.
    pub async fn bans(&self, user: &User, room: &str) -> Answer {
        self.room_action(room, "ban", json!({"user_id": user.id})).await
    }

    /// Lifts a ban.
    pub async fn unbans(&self, user: &User, room: &str) -> Answer {
        self.room_action(room, "unban", json!({"user_id": user.id})).await
    }

    /// Any `POST /rooms/{room}/{action}`.
    pub async fn room_action(&self, room: &str, action: &str, body: Value) -> Answer {
        self.post(&format!("/_matrix/client/v3/rooms/{}/{action}", segment(room)), body).await
    }

    /// Any `GET /rooms/{room}/{what}`; `what` may carry a query.
    pub async fn reads_room(&self, room: &str, what: &str) -> Answer {
        self.get(&format!("/_matrix/client/v3/rooms/{}/{what}", segment(room))).await
    }

    /// Sends a state event with this state key.
    pub async fn sets_state(&self, room: &str, kind: &str, state_key: &str, content: Value) -> Answer {
        let path = format!(
            "/_matrix/client/v3/rooms/{}/state/{}/{}",
            segment(room),
            segment(kind),
            segment(state_key)
        );
        self.put(&path, content).await
    }

    /// Reads the content of one state event.
    pub async fn state(&self, room: &str, kind: &str, state_key: &str) -> Answer {
        self.reads_room(room, &format!("state/{}/{}", segment(kind), segment(state_key))).await
    }

    /// Points an alias (`#name:server`) at a room.
    pub async fn publishes_alias(&self, alias: &str, room: &str) -> Answer {
        let path = format!("/_matrix/client/v3/directory/room/{}", segment(alias));
        self.put(&path, json!({"room_id": room})).await
    }

    /// The room ids this user is joined to.
    pub async fn joined_rooms(&self) -> Vec<String> {
        let body = self.get("/_matrix/client/v3/joined_rooms").await.ok();
        let rooms = body["joined_rooms"].as_array().expect("joined_rooms is a list");
        rooms.iter().filter_map(|room| Some(room.as_str()?.to_owned())).collect()
    }
}
