//! What a room said, read on from a place: for whoever could not keep all of it when it was said.

use http::Method;
use ruma::{EventId, RoomId};
use serde_json::{Value, json};

use crate::{
    Intent,
    intents::events_of,
    wire::{Call, CallError},
};

impl Intent {
    /// Where a room's history goes on behind an event: a place for [`Intent::read_on`].
    ///
    /// # Errors
    /// See [`CallError`]; refused where this user may not see the event.
    pub async fn place_behind(&self, room: &RoomId, event: &EventId) -> Result<String, CallError> {
        let path = ["client", "v3", "rooms", room.as_str(), "context", event.as_str()];
        let mut call = Call::new(Method::GET, &path);
        let lazy = json!({ "lazy_load_members": true }).to_string();
        call.query.extend([("limit", "0".to_owned()), ("filter", lazy)]);
        let answer = self.ask(call).await?;
        let end = answer["end"].as_str().map(ToOwned::to_owned);
        end.ok_or_else(|| CallError::Unreachable("the context of an event has no end".to_owned()))
    }

    /// The events of a room from a place on, the oldest first, at most `limit`, and the place behind them; none at the end.
    ///
    /// # Errors
    /// See [`CallError`].
    pub async fn read_on(
        &self,
        room: &RoomId,
        place: &str,
        limit: usize,
    ) -> Result<(Vec<Value>, Option<String>), CallError> {
        let mut call = Call::new(Method::GET, &["client", "v3", "rooms", room.as_str(), "messages"]);
        let query = [("dir", "f".to_owned()), ("from", place.to_owned()), ("limit", limit.to_string())];
        call.query.extend(query);
        let mut answer = self.ask(call).await?;
        let next = answer["end"].as_str().map(ToOwned::to_owned);
        Ok((events_of(&mut answer), next))
    }
}
