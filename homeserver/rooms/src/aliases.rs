//! Local aliases: names of rooms that this server gives out.

use model::RoomNum;
use ruma::{
    CanonicalJsonObject, CanonicalJsonValue, OwnedRoomAliasId, OwnedRoomId, RoomAliasId, RoomId, UserId,
};
use store::{Batch, Scan, StoreError};

use crate::json::canonical_object;
use crate::limits::ALIASES_OF_ROOM_MAX;
use crate::tables::{ALIAS, ALIAS_OF_ROOM, AliasRecord};
use crate::{Rooms, RoomsError};

impl Rooms {
    /// The room that an alias names.
    ///
    /// # Errors
    /// No such alias here; aliases of other servers are not looked up.
    pub async fn room_of_alias(&self, alias: &RoomAliasId) -> Result<OwnedRoomId, RoomsError> {
        let row = self.parts.store.get(&ALIAS, &alias.to_owned()).await?;
        let row = row.ok_or_else(|| RoomsError::NotFound(format!("the alias {alias} names no room here")))?;
        self.room_id(&self.parts.store, row.room).await
    }

    /// Gives a room a new name. Any member may.
    ///
    /// # Errors
    /// The alias is taken or belongs to another server, the room is unknown, the user is not in it.
    pub async fn create_alias(
        &self,
        user: &UserId,
        alias: &RoomAliasId,
        room_id: &RoomId,
    ) -> Result<(), RoomsError> {
        if alias.server_name() != self.parts.server_name {
            return Err(RoomsError::InvalidParam("aliases of other servers are made there".to_owned()));
        }
        if alias.alias().is_empty() || alias.alias().chars().any(char::is_whitespace) {
            return Err(RoomsError::InvalidParam("the alias has an empty name or white space".to_owned()));
        }
        let room = self.known_room(&self.parts.store, room_id).await?;
        self.must_be_joined(room, user).await?;
        let mut batch = Batch::new();
        let row = AliasRecord { room, creator: user.to_owned() };
        batch.expect_absent(&ALIAS, &alias.to_owned());
        batch.put(&ALIAS, &alias.to_owned(), &row);
        batch.put(&ALIAS_OF_ROOM, &(room, alias.to_owned()), &());
        match self.parts.store.commit(batch).await {
            Ok(_) => Ok(()),
            Err(StoreError::Conflict) => Err(RoomsError::AliasTaken),
            Err(error) => Err(error.into()),
        }
    }

    /// Takes a name away: its maker may, and whoever may change the room's canonical alias, and an
    /// administrator of this server. A canonical alias that names it is changed too, where the
    /// user's rights reach.
    ///
    /// # Errors
    /// No such alias, or no right.
    pub async fn delete_alias(
        &self,
        user: &UserId,
        is_administrator: bool,
        alias: &RoomAliasId,
    ) -> Result<(), RoomsError> {
        let store = &self.parts.store;
        let key = alias.to_owned();
        let row = store.get(&ALIAS, &key).await?;
        let row = row.ok_or_else(|| RoomsError::NotFound("no such alias".to_owned()))?;
        let levels = self.power_levels(row.room).await?;
        let is_moderator = levels.may_send(user, "m.room.canonical_alias", true)
            && self.is_joined(store, row.room, user).await?;
        if row.creator != user && !is_moderator && !is_administrator {
            return Err(RoomsError::forbidden("you may not delete this alias"));
        }
        let mut batch = Batch::new();
        batch.expect_eq(&ALIAS, &key, &row);
        batch.delete(&ALIAS, &key);
        batch.delete(&ALIAS_OF_ROOM, &(row.room, key));
        store.commit(batch).await?;
        if is_moderator {
            self.drop_from_canonical_alias(row.room, user, alias).await?;
        }
        Ok(())
    }

    /// The aliases of a room, for somebody who is in it; for anybody where the history is public.
    ///
    /// # Errors
    /// The room is unknown or closed to the user, which looks the same.
    pub async fn list_aliases(
        &self,
        user: &UserId,
        room_id: &RoomId,
    ) -> Result<Vec<OwnedRoomAliasId>, RoomsError> {
        let room = self.room_of_actor(room_id).await?;
        if !self.directory_entry(room).await?.world_readable {
            self.must_be_joined(room, user).await?;
        }
        self.aliases_of(room).await
    }

    /// The aliases that this server knows for a room.
    ///
    /// # Errors
    /// The store's own.
    pub async fn aliases_of(&self, room: RoomNum) -> Result<Vec<OwnedRoomAliasId>, RoomsError> {
        let scan = Scan::prefix(&room).limit(ALIASES_OF_ROOM_MAX);
        let keys = self.parts.store.scan_keys(&ALIAS_OF_ROOM, scan).await?;
        Ok(keys.into_iter().map(|(_, alias)| alias).collect())
    }

    /// Lets the aliases of one room name another; for upgrades.
    ///
    /// # Errors
    /// The store's own.
    pub async fn move_aliases(
        &self,
        from: RoomNum,
        to: RoomNum,
    ) -> Result<Vec<OwnedRoomAliasId>, RoomsError> {
        let aliases = self.aliases_of(from).await?;
        let mut batch = Batch::new();
        for alias in &aliases {
            if let Some(row) = self.parts.store.get(&ALIAS, alias).await? {
                batch.expect_eq(&ALIAS, alias, &row);
                batch.put(&ALIAS, alias, &AliasRecord { room: to, ..row });
                batch.delete(&ALIAS_OF_ROOM, &(from, alias.clone()));
                batch.put(&ALIAS_OF_ROOM, &(to, alias.clone()), &());
            }
        }
        if !aliases.is_empty() {
            self.parts.store.commit(batch).await?;
        }
        Ok(aliases)
    }

    async fn drop_from_canonical_alias(
        &self,
        room: RoomNum,
        user: &UserId,
        alias: &RoomAliasId,
    ) -> Result<(), RoomsError> {
        let current = self.current_state(&self.parts.store, room, "m.room.canonical_alias", "").await?;
        let Some(current) = current else { return Ok(()) };
        let old = canonical_object(current.content_str())?;
        let new = without(old.clone(), alias);
        if new == old {
            return Ok(());
        }
        let new = crate::append::NewEvent::state(user.to_owned(), "m.room.canonical_alias", "", new);
        self.append(room, new).await.map(|_| ())
    }
}

fn without(mut content: CanonicalJsonObject, alias: &RoomAliasId) -> CanonicalJsonObject {
    let names = |value: &CanonicalJsonValue| value.as_str() == Some(alias.as_str());
    if content.get("alias").is_some_and(names) {
        content.remove("alias");
    }
    if let Some(CanonicalJsonValue::Array(more)) = content.get_mut("alt_aliases") {
        more.retain(|value| !names(value));
        if more.is_empty() {
            content.remove("alt_aliases");
        }
    }
    content
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_deleted_alias_leaves_both_keys() {
        let alias = ruma::room_alias_id!("#gone:hs");
        let content =
            canonical_object(r##"{"alias":"#gone:hs","alt_aliases":["#gone:hs","#kept:hs"]}"##).unwrap();
        let left = serde_json::to_string(&without(content, alias)).unwrap();
        assert_eq!(left, r##"{"alt_aliases":["#kept:hs"]}"##);
        let content = canonical_object(r##"{"alias":"#gone:hs","alt_aliases":["#gone:hs"]}"##).unwrap();
        assert_eq!(without(content, alias), CanonicalJsonObject::new());
    }
}
