//! Entries of the public directory of this server: who makes them, and what one shows.
//!
//! Never lists or searches them: `search` keeps an index in the order of the directory, fed by the
//! facts recorded here.

use model::RoomNum;
use ruma::{OwnedMxcUri, OwnedRoomAliasId, OwnedRoomId, RoomId, UserId};
use serde_json::{Map, Value};
use store::{Batch, Scan};
use streams::Fact;

use crate::limits::{PAGE_ROWS, PUBLIC_ROOMS_PAGE_MAX, PUBLIC_ROOMS_SCAN_MAX};
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

/// Which rooms of the directory are wanted.
#[derive(Clone, Debug, Default)]
pub struct DirectoryQuery {
    /// Text that name, topic or alias must contain, in any case.
    pub term: Option<String>,
    /// Wanted types; `None` inside stands for rooms without a type. All without a list.
    pub room_types: Option<Vec<Option<String>>>,
    /// At most so many.
    pub limit: Option<u64>,
    /// Continue from here.
    pub since: Option<String>,
}

/// A page of the directory, the largest rooms first.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DirectoryPage {
    /// The rooms.
    pub rooms: Vec<PublicRoom>,
    /// Continues after this page.
    pub next: Option<String>,
    /// Continues before this page.
    pub previous: Option<String>,
    /// How many rooms match in all.
    pub total: u64,
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

    /// Published rooms in the order of their numbers, at most [`PAGE_ROWS`]: ask again after the last
    /// one until none comes.
    ///
    /// # Errors
    /// The store's own.
    pub async fn published_rooms(&self, after: Option<RoomNum>) -> Result<Vec<RoomNum>, RoomsError> {
        let mut scan = Scan::all().limit(PAGE_ROWS);
        if let Some(after) = after {
            scan = scan.after(&after);
        }
        Ok(self.parts.store.scan_keys(&PUBLISHED, scan).await?)
    }

    /// Whether the directory lists a room, by number.
    ///
    /// # Errors
    /// The store's own.
    pub async fn is_listed(&self, room: RoomNum) -> Result<bool, RoomsError> {
        Ok(self.parts.store.exists(&PUBLISHED, &room).await?)
    }

    /// A page of the directory.
    ///
    /// # Errors
    /// A token that this server did not make.
    pub async fn public_rooms(&self, query: &DirectoryQuery) -> Result<DirectoryPage, RoomsError> {
        let start = match &query.since {
            Some(token) => offset_of(token)?,
            None => 0,
        };
        let mut found = self.matching(query).await?;
        // A total order, so that a page begins where the last one ended.
        found.sort_by(|a, b| b.joined_members.cmp(&a.joined_members).then_with(|| a.room_id.cmp(&b.room_id)));
        let total = found.len();
        let limit = query.limit.map_or(PUBLIC_ROOMS_PAGE_MAX, |limit| {
            usize::try_from(limit).unwrap_or(usize::MAX).clamp(1, PUBLIC_ROOMS_PAGE_MAX)
        });
        let end = start.saturating_add(limit).min(total);
        let rooms = found.into_iter().skip(start).take(limit).collect();
        Ok(DirectoryPage {
            rooms,
            next: (end < total).then(|| token_of(end)),
            previous: (start > 0).then(|| token_of(start.saturating_sub(limit))),
            total: total as u64,
        })
    }

    async fn matching(&self, query: &DirectoryQuery) -> Result<Vec<PublicRoom>, RoomsError> {
        let term =
            query.term.as_deref().map(str::trim).filter(|term| !term.is_empty()).map(str::to_lowercase);
        let mut found = Vec::new();
        for room in self.published().await? {
            let entry = self.directory_entry(room).await?;
            let is_wanted_type =
                query.room_types.as_ref().is_none_or(|types| types.contains(&entry.room_type));
            if is_wanted_type && term.as_ref().is_none_or(|term| entry.contains(term)) {
                found.push(entry);
            }
        }
        Ok(found)
    }

    async fn published(&self) -> Result<Vec<RoomNum>, RoomsError> {
        let mut rooms: Vec<RoomNum> = Vec::new();
        loop {
            let mut scan = Scan::all().limit(PAGE_ROWS);
            if let Some(last) = rooms.last() {
                scan = scan.after(last);
            }
            let page = self.parts.store.scan_keys(&PUBLISHED, scan).await?;
            let full = page.len() == PAGE_ROWS;
            rooms.extend(page);
            if !full || rooms.len() >= PUBLIC_ROOMS_SCAN_MAX {
                return Ok(rooms);
            }
        }
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

impl PublicRoom {
    fn contains(&self, term: &str) -> bool {
        let alias = self.canonical_alias.as_ref().map(|alias| alias.as_str());
        let texts = [self.name.as_deref(), self.topic.as_deref(), alias];
        texts.into_iter().flatten().any(|text| text.to_lowercase().contains(term))
    }
}

const TOKEN_TAG: &str = "p1_";

fn token_of(offset: usize) -> String {
    format!("{TOKEN_TAG}{offset}")
}

fn offset_of(token: &str) -> Result<usize, RoomsError> {
    let offset = token.strip_prefix(TOKEN_TAG).and_then(|offset| offset.parse().ok());
    offset.ok_or_else(|| RoomsError::InvalidParam("`since` is not a token of this directory".to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_read_back_and_others_are_refused() {
        assert_eq!(offset_of(&token_of(20)).unwrap(), 20);
        for foreign in ["", "20", "p1_", "p1_-1", "t1_20", "p1_x"] {
            assert!(offset_of(foreign).is_err(), "{foreign}");
        }
    }
}
