//! What a user of ours does with the events of a room: reading them, sending them, taking them away.

use http::Method;
use ruma::{EventId, OwnedEventId, RoomId};
use serde_json::{Value, json};

use super::{Intent, events_of, found};
use crate::{
    limits::RELATIONS_PER_PAGE,
    wire::{Call, CallError},
};

impl Intent {
    /// An event of a room; none where there is no such event, or this user may not see it.
    ///
    /// # Errors
    /// See [`CallError`].
    pub async fn event_of(&self, room: &RoomId, event: &EventId) -> Result<Option<Value>, CallError> {
        let path = ["client", "v3", "rooms", room.as_str(), "event", event.as_str()];
        found(self.wire.call(&self.user, Call::new(Method::GET, &path)).await)
    }

    /// The events that relate to an event in this way, the newest first, at most [`RELATIONS_PER_PAGE`].
    ///
    /// # Errors
    /// See [`CallError`].
    pub async fn relations(
        &self,
        room: &RoomId,
        event: &EventId,
        relation: &str,
    ) -> Result<Vec<Value>, CallError> {
        self.relations_page(room, event, relation, None).await.map(|(events, _)| events)
    }

    /// A page of the same, and where the one behind it begins; nothing behind the last.
    pub(crate) async fn relations_page(
        &self,
        room: &RoomId,
        event: &EventId,
        relation: &str,
        from: Option<&str>,
    ) -> Result<(Vec<Value>, Option<String>), CallError> {
        let path = ["client", "v1", "rooms", room.as_str(), "relations", event.as_str(), relation];
        let mut call = Call::new(Method::GET, &path);
        call.query.push(("limit", RELATIONS_PER_PAGE.to_string()));
        call.query.extend(from.map(|from| ("from", from.to_owned())));
        let mut answer = self.wire.call(&self.user, call).await?;
        let next = answer["next_batch"].as_str().map(ToOwned::to_owned);
        Ok((events_of(&mut answer), next))
    }

    /// The newest events of a room that this user may see, the newest first.
    pub(crate) async fn recent(&self, room: &RoomId, limit: usize) -> Result<Vec<Value>, CallError> {
        let mut call = Call::new(Method::GET, &["client", "v3", "rooms", room.as_str(), "messages"]);
        call.query.extend([("dir", "b".to_owned()), ("limit", limit.to_string())]);
        self.chunk(call).await
    }

    /// The same transaction id gives the same event, however often it is sent.
    ///
    /// # Errors
    /// See [`CallError`].
    pub async fn send(
        &self,
        room: &RoomId,
        kind: &str,
        transaction_id: &str,
        content: Value,
    ) -> Result<OwnedEventId, CallError> {
        let path = ["client", "v3", "rooms", room.as_str(), "send", kind, transaction_id];
        self.event(Call::new(Method::PUT, &path).json(content)).await
    }

    /// As [`Intent::send`], as of another time, in milliseconds since 1970: what happened elsewhere keeps its time.
    /// [Specification](https://spec.matrix.org/v1.19/application-service-api/#timestamp-massaging)
    ///
    /// # Errors
    /// See [`CallError`].
    pub async fn send_at(
        &self,
        room: &RoomId,
        kind: &str,
        transaction_id: &str,
        content: Value,
        at_ms: u64,
    ) -> Result<OwnedEventId, CallError> {
        let path = ["client", "v3", "rooms", room.as_str(), "send", kind, transaction_id];
        let mut call = Call::new(Method::PUT, &path).json(content);
        call.query.push(("ts", at_ms.to_string()));
        self.event(call).await
    }

    /// Takes an event away; the same transaction id gives the same event, however often it is asked for.
    ///
    /// # Errors
    /// See [`CallError`].
    pub async fn redact(
        &self,
        room: &RoomId,
        event: &EventId,
        transaction_id: &str,
        content: Value,
    ) -> Result<OwnedEventId, CallError> {
        let path = ["client", "v3", "rooms", room.as_str(), "redact", event.as_str(), transaction_id];
        self.event(Call::new(Method::PUT, &path).json(content)).await
    }

    /// Says that this user has read a room up to an event.
    ///
    /// # Errors
    /// See [`CallError`].
    pub async fn has_read(&self, room: &RoomId, event: &EventId) -> Result<(), CallError> {
        let path = ["client", "v3", "rooms", room.as_str(), "receipt", "m.read", event.as_str()];
        self.wire.call(&self.user, Call::new(Method::POST, &path).json(json!({}))).await.map(drop)
    }
}
