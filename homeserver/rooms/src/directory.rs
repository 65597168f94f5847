//! Entries of the public directory of this server: who makes them, and what one shows.
//!
//! Never lists or searches them: `search` keeps an index in the order of the directory, fed by the
//! facts recorded here.

use model::RoomNum;
use ruma::{OwnedMxcUri, OwnedRoomAliasId, OwnedRoomId, RoomId, UserId};
use serde_json::{Map, Value};
use store::Batch;
use streams::Fact;

use crate::tables::PUBLISHED;
use crate::{Rooms, RoomsError};

/// What the directory shows of a room.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PublicRoom {
    /// The room.
    pub room_id: OwnedRoomId,
    /// Its name.
    pub name: Option<String>,
    /// Its topic.
    pub topic: Option<String>,
    /// Its picture.
    pub avatar_url: Option<OwnedMxcUri>,
    /// Its canonical alias.
    pub canonical_alias: Option<OwnedRoomAliasId>,
    /// How many are joined.
    pub joined_members: u64,
    /// Whether anybody may read its history.
    pub world_readable: bool,
    /// Whether guests may join.
    pub guest_can_join: bool,
    /// Its join rule, `public` when nothing is said.
    pub join_rule: String,
    /// Its type, for example `m.space`.
    pub room_type: Option<String>,
}

impl Rooms {
    /// Whether the directory lists a room.
    ///
    /// # Errors
    /// The room is unknown.
    pub async fn is_published(&self, room_id: &RoomId) -> Result<bool, RoomsError> {
        let room = self.known_room(&self.parts.store, room_id).await?;
        Ok(self.parts.store.exists(&PUBLISHED, &room).await?)
    }

    /// Lists a room in the directory, or takes it out. Whoever may change the canonical alias may.
    ///
    /// # Errors
    /// The room is unknown, no right, or the operator allows no publishing.
    pub async fn publish(&self, room_id: &RoomId, user: &UserId, publish: bool) -> Result<(), RoomsError> {
        let room = self.known_room(&self.parts.store, room_id).await?;
        self.must_be_joined(room, user).await?;
        if !self.power_levels(room).await?.may_send(user, "m.room.canonical_alias", true) {
            return Err(RoomsError::forbidden("you may not change the directory entry of this room"));
        }
        if publish && !self.parts.settings.publishing_allowed {
            return Err(RoomsError::forbidden("this server does not let its users publish rooms"));
        }
        self.put_listing(room, publish).await
    }

    /// The same by the word of an administrator of this server, who need not be in the room.
    ///
    /// # Errors
    /// The room is unknown.
    pub async fn publish_as_operator(&self, room_id: &RoomId, publish: bool) -> Result<(), RoomsError> {
        let room = self.known_room(&self.parts.store, room_id).await?;
        self.put_listing(room, publish).await
    }

    async fn put_listing(&self, room: RoomNum, publish: bool) -> Result<(), RoomsError> {
        let mut batch = Batch::new();
        if publish {
            batch.put(&PUBLISHED, &room, &self.parts.clock.now_ms());
        } else {
            batch.delete(&PUBLISHED, &room);
        }
        let position = batch.position();
        streams::record(&mut batch, position, &Fact::Listing { room });
        self.parts.store.commit(batch).await?;
        Ok(())
    }

    /// Whether the directory lists a room, by number.
    ///
    /// # Errors
    /// The store's own.
    pub async fn is_listed(&self, room: RoomNum) -> Result<bool, RoomsError> {
        Ok(self.parts.store.exists(&PUBLISHED, &room).await?)
    }

    /// What the directory would show of a room.
    ///
    /// # Errors
    /// The store's own.
    pub async fn directory_entry(&self, room: RoomNum) -> Result<PublicRoom, RoomsError> {
        let join_rule = self.text_of(room, "m.room.join_rules", "join_rule").await?;
        let history = self.text_of(room, "m.room.history_visibility", "history_visibility").await?;
        let guests = self.text_of(room, "m.room.guest_access", "guest_access").await?;
        let alias = self.text_of(room, "m.room.canonical_alias", "alias").await?;
        Ok(PublicRoom {
            room_id: self.room_id(&self.parts.store, room).await?,
            name: self.text_of(room, "m.room.name", "name").await?,
            topic: self.text_of(room, "m.room.topic", "topic").await?,
            avatar_url: self.text_of(room, "m.room.avatar", "url").await?.map(OwnedMxcUri::from),
            canonical_alias: alias.and_then(|alias| alias.try_into().ok()),
            joined_members: self.member_counts(&self.parts.store, room).await?.joined,
            world_readable: history.as_deref() == Some("world_readable"),
            guest_can_join: guests.as_deref() == Some("can_join"),
            join_rule: join_rule.unwrap_or_else(|| "invite".to_owned()),
            room_type: self.text_of(room, "m.room.create", "type").await?,
        })
    }

    /// One text of the current state; an empty one counts as none.
    async fn text_of(&self, room: RoomNum, kind: &str, key: &str) -> Result<Option<String>, RoomsError> {
        let event = self.current_state(&self.parts.store, room, kind, "").await?;
        let content: Option<Map<String, Value>> = event.and_then(|pdu| pdu.content_as().ok());
        let text = content.and_then(|content| content.get(key).and_then(Value::as_str).map(str::to_owned));
        Ok(text.filter(|text| !text.is_empty()))
    }
}
