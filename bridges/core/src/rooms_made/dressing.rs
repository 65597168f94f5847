//! What a room has that was made for a conversation: its picture, its space, its people, and the name when that changes.

use bridge_api::MediaId;
use kit::{CallError, Letter, To};
use ruma::{OwnedRoomId, OwnedUserId, RoomId};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};
use store::{Batch, StoreError};

use crate::{
    BridgeError, Bridges, LOCALPART, backfill::patient, lanes::Lane, limits::MEMBERS_SHOWN_MAX, names::hex,
    people_tables::MakingRow, tables::PEOPLE,
};

impl Bridges {
    /// Colleagues who are in a conversation.
    pub(super) async fn colleagues_in(&self, lane: &Lane) -> Result<Vec<OwnedUserId>, BridgeError> {
        let Some(members) = self.seat(lane.0).and_then(|seat| seat.connector.members()) else {
            return Ok(Vec::new());
        };
        let (mut cursor, mut seen, mut colleagues) = (None, 0, Vec::new());
        while seen < MEMBERS_SHOWN_MAX {
            let page = patient(|| members.members(&lane.1, cursor.as_ref())).await?;
            seen += page.items.len().max(1);
            for person in page.items {
                let account = self.0.store.get(&PEOPLE, &(lane.0.key(), person.id.as_str())).await?;
                colleagues.extend(account);
            }
            cursor = page.next;
            if cursor.is_none() {
                break;
            }
        }
        Ok(colleagues)
    }

    /// Gives the room the picture of its conversation. One that cannot be had is nobody's loss.
    pub(super) async fn dress_room(
        &self,
        lane: &Lane,
        row: &MakingRow,
        room: &RoomId,
    ) -> Result<(), BridgeError> {
        let Some(avatar) = row.avatar.as_ref().and_then(|avatar| MediaId::new(avatar.clone()).ok()) else {
            return Ok(());
        };
        self.hang_picture(lane, &avatar, room).await
    }

    async fn hang_picture(&self, lane: &Lane, avatar: &MediaId, room: &RoomId) -> Result<(), BridgeError> {
        let Some((mimetype, bytes)) = self.avatar(lane.0, avatar).await else { return Ok(()) };
        let bot = self.bot()?;
        let url = bot.upload(None, &mimetype, bytes).await?;
        bot.set_state(room, "m.room.avatar", "", json!({ "url": url })).await?;
        Ok(())
    }

    /// A conversation has another picture: the room that was made for it has it too. One that the platform does not give, or the
    /// room does not take, is nobody's loss.
    pub(crate) async fn dress_room_again(&self, lane: &Lane, room: &RoomId) -> Result<(), BridgeError> {
        if !self.is_made_for(lane, room).await? {
            return Ok(());
        }
        let found = match self.conversation(lane).await {
            Ok(found) => found,
            Err(error) => {
                tracing::debug!(%error, conversation = %lane.1, "the platform does not say how a conversation looks");
                return Ok(());
            }
        };
        let Some(avatar) = found.and_then(|found| found.avatar) else { return Ok(()) };
        match self.hang_picture(lane, &avatar, room).await {
            Err(error) if !error.passes() => {
                tracing::debug!(%error, %room, "a room does not take the picture of its conversation");
                Ok(())
            }
            outcome => outcome,
        }
    }

    /// The room stands in its space; colleagues who are in the conversation come into both.
    pub(super) async fn invite_colleagues(
        &self,
        room: &RoomId,
        space: &OwnedRoomId,
        row: &MakingRow,
        colleagues: &[OwnedUserId],
    ) -> Result<(), BridgeError> {
        let bot = self.bot()?;
        let via = json!({ "via": [self.0.server_name], "suggested": true });
        bot.set_state(space, "m.space.child", room.as_str(), via).await?;
        let via = json!({ "via": [self.0.server_name], "canonical": true });
        bot.set_state(room, "m.space.parent", space.as_str(), via).await?;
        for account in row.by.iter().chain(colleagues) {
            for place in [space, room] {
                match bot.invite(place, account.as_str()).await {
                    // Whoever is there or invited already, or wants no invites.
                    Ok(()) | Err(CallError::Refused { .. }) => {}
                    Err(error) => return Err(error.into()),
                }
            }
        }
        Ok(())
    }

    fn bot(&self) -> Result<kit::Intent, BridgeError> {
        self.0.kit.intent(LOCALPART).ok_or_else(|| BridgeError::Invalid("the bridge has no bot".to_owned()))
    }

    /// A conversation has another name: the room that was made for it has it too.
    pub(crate) async fn rename_room(
        &self,
        batch: &mut Batch,
        lane: &Lane,
        room: &RoomId,
        name: &str,
    ) -> Result<(), StoreError> {
        if self.is_made_for(lane, room).await? {
            self.state_of_made(batch, room, "name", json!({ "name": name }));
        }
        Ok(())
    }

    /// Other words say what a conversation is for: the room that was made for it has them as its topic, and what it was made for where
    /// there are none.
    pub(crate) async fn describe_room(
        &self,
        batch: &mut Batch,
        lane: &Lane,
        room: &RoomId,
        words: &str,
    ) -> Result<(), StoreError> {
        if self.is_made_for(lane, room).await? {
            let topic = if words.is_empty() { self.name_of(lane) } else { words.to_owned() };
            self.state_of_made(batch, room, "topic", json!({ "topic": topic }));
        }
        Ok(())
    }

    /// Whether we made a room for a conversation. How other rooms look is for their people to say.
    async fn is_made_for(&self, lane: &Lane, room: &RoomId) -> Result<bool, StoreError> {
        let digest = hex(&Sha256::digest(format!("{}/{}", lane.0.key(), lane.1)));
        let place = self.0.kit.place_of(LOCALPART, room).await?;
        Ok(place.is_some_and(|place| place.starts_with(&format!("room/{}/", &digest[..32]))))
    }

    /// State of a room that we made: `what` is the end of its type.
    fn state_of_made(&self, batch: &mut Batch, room: &RoomId, what: &str, content: Value) {
        let unique = format!("bridge/{what}/{room}/{}", self.0.clock.now_ms());
        let letter = Letter {
            kind: format!("m.room.{what}"),
            state_key: Some(String::new()),
            ..Letter::message(unique, LOCALPART, To::Room(room.to_owned()), content)
        };
        self.0.kit.outbox().put(batch, letter);
    }
}
