//! Rooms that bots make: noted under a key first, made when the first letter goes there, once.
//!
//! As with direct chats, the request carries a mark that was written down before, and after an answer that nobody saw
//! the room is looked for by its mark.

use ruma::{OwnedRoomId, RoomId};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use store::{Batch, StoreError};

use crate::{
    Intent, Kit,
    delivery::Undelivered,
    direct::{MARK_CHARACTERS, room_kind},
    tables::{PLACE_OF, PLACES, ROOMS, RoomRow},
};

/// A room that a bot makes.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct PlaceRow {
    /// What the homeserver is asked for, with the mark in it.
    pub request: Value,
    /// Stands in the state of the room.
    pub mark: String,
    /// Whether it was asked for; the answer may not have been seen.
    pub is_asked: bool,
    /// The room, once it is known.
    pub room: Option<OwnedRoomId>,
}

impl Kit {
    /// Has a room of `bot` made for the letters to [`crate::To::Place`] of this key. `request` is the body of
    /// `createRoom`; the state `…room` in it gets a mark. Whether it is new: the first order for a key stays.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub async fn order_place(
        &self,
        batch: &mut Batch,
        bot: &str,
        key: &str,
        request: Value,
    ) -> Result<bool, StoreError> {
        let of = (bot, key);
        if self.0.store.exists(&PLACES, &of).await? {
            return Ok(false);
        }
        let mark = self.0.rng.string(MARK_CHARACTERS);
        let row = PlaceRow { request: marked(request, &mark), mark, is_asked: false, room: None };
        batch.expect_absent(&PLACES, &of).put(&PLACES, &of, &row);
        Ok(true)
    }

    /// Whether a room was ordered under this key.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub async fn has_place(&self, bot: &str, key: &str) -> Result<bool, StoreError> {
        self.0.store.exists(&PLACES, &(bot, key)).await
    }

    /// The room of this key; none while it is not made.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub async fn place(&self, bot: &str, key: &str) -> Result<Option<OwnedRoomId>, StoreError> {
        Ok(self.0.store.get(&PLACES, &(bot, key)).await?.and_then(|row| row.room))
    }

    /// The key under which a room was ordered by `bot`; none for every other room.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub async fn place_of(&self, bot: &str, room: &RoomId) -> Result<Option<String>, StoreError> {
        self.0.store.get(&PLACE_OF, &(bot, room)).await
    }

    /// The room of a key, made if it is not there yet.
    pub(crate) async fn place_room(
        &self,
        intent: &Intent,
        bot: &str,
        key: &str,
    ) -> Result<OwnedRoomId, Undelivered> {
        if let Some(room) = self.place(bot, key).await? {
            return Ok(room);
        }
        // Whoever is not the first finds it made.
        let _turn = self.0.making.lock().await;
        let of = (bot, key);
        let Some(row) = self.0.store.get(&PLACES, &of).await? else {
            return Err(Undelivered::Refused(format!("no room was ordered as {key:?}")));
        };
        if let Some(room) = row.room {
            return Ok(room);
        }
        let asked = PlaceRow { is_asked: true, ..row.clone() };
        let room = match row.is_asked {
            true => self.room_with_mark(intent, &row.mark).await?,
            false => {
                let mut batch = Batch::new();
                batch.expect_eq(&PLACES, &of, &row).put(&PLACES, &of, &asked);
                self.0.store.commit(batch).await?;
                None
            }
        };
        let room = match room {
            Some(room) => room,
            None => {
                let lang = self.language(None, None).await?;
                intent.create_room(self.describing(bot, lang, row.request.clone())).await?
            }
        };
        let mut batch = Batch::new();
        let made = PlaceRow { room: Some(room.clone()), ..asked.clone() };
        batch.expect_eq(&PLACES, &of, &asked).put(&PLACES, &of, &made);
        batch.put(&PLACE_OF, &(bot, &*room), &key.to_owned());
        let standing = RoomRow { is_joined: true, ..RoomRow::default() };
        batch.put(&ROOMS, &(bot, &*room), &standing);
        self.0.store.commit(batch).await?;
        Ok(room)
    }
}

/// The request with the mark in the state that says what the room is for.
fn marked(mut request: Value, mark: &str) -> Value {
    if !request["initial_state"].is_array() {
        request["initial_state"] = json!([]);
    }
    let Some(states) = request["initial_state"].as_array_mut() else { return request };
    match states.iter_mut().find(|state| state["type"] == room_kind()) {
        Some(state) => state["content"]["mark"] = json!(mark),
        None => states.push(json!({
            "type": room_kind(), "state_key": "", "content": { "v": 1, "mark": mark },
        })),
    }
    request
}
