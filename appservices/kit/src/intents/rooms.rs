//! What a user of ours does with rooms: making them, going in and out, their state.

use http::Method;
use ruma::{OwnedEventId, OwnedRoomId, RoomId};
use serde_json::{Value, json};

use super::{Intent, found};
use crate::wire::{Call, CallError};

impl Intent {
    /// Makes a room by the body of `createRoom`.
    ///
    /// # Errors
    /// See [`CallError`].
    pub async fn create_room(&self, request: Value) -> Result<OwnedRoomId, CallError> {
        let call = Call::new(Method::POST, &["client", "v3", "createRoom"]).json(request);
        let answer = self.wire.call(&self.user, call).await?;
        let room = answer["room_id"].as_str().and_then(|room| RoomId::parse(room).ok());
        room.ok_or_else(|| CallError::Unreachable("the new room has no id".to_owned()))
    }

    /// Goes into a room.
    ///
    /// # Errors
    /// See [`CallError`].
    pub async fn join(&self, room: &RoomId) -> Result<(), CallError> {
        let path = ["client", "v3", "rooms", room.as_str(), "join"];
        self.wire.call(&self.user, Call::new(Method::POST, &path).json(json!({}))).await.map(drop)
    }

    /// Leaves a room.
    ///
    /// # Errors
    /// See [`CallError`].
    pub async fn leave(&self, room: &RoomId) -> Result<(), CallError> {
        let path = ["client", "v3", "rooms", room.as_str(), "leave"];
        self.wire.call(&self.user, Call::new(Method::POST, &path).json(json!({}))).await.map(drop)
    }

    pub(crate) async fn joined_rooms(&self) -> Result<Vec<OwnedRoomId>, CallError> {
        let answer =
            self.wire.call(&self.user, Call::new(Method::GET, &["client", "v3", "joined_rooms"])).await?;
        let rooms = answer["joined_rooms"].as_array().into_iter().flatten();
        Ok(rooms.filter_map(|room| RoomId::parse(room.as_str()?).ok()).collect())
    }

    /// The content of a room's state; none where there is no such state.
    ///
    /// # Errors
    /// See [`CallError`].
    pub async fn state(
        &self,
        room: &RoomId,
        kind: &str,
        state_key: &str,
    ) -> Result<Option<Value>, CallError> {
        let path = ["client", "v3", "rooms", room.as_str(), "state", kind, state_key];
        found(self.wire.call(&self.user, Call::new(Method::GET, &path)).await)
    }

    /// Sets the state of a room.
    ///
    /// # Errors
    /// See [`CallError`].
    pub async fn set_state(
        &self,
        room: &RoomId,
        kind: &str,
        state_key: &str,
        content: Value,
    ) -> Result<OwnedEventId, CallError> {
        let path = ["client", "v3", "rooms", room.as_str(), "state", kind, state_key];
        self.event(Call::new(Method::PUT, &path).json(content)).await
    }
}
