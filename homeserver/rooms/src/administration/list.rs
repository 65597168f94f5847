//! All rooms of this server, and what an administrator wants to know of one.

use model::RoomNum;
use ruma::{OwnedRoomId, OwnedUserId, RoomId};
use serde_json::{Map, Value};
use store::Scan;

use super::ROOMS_LISTED_SCAN_MAX;
use crate::limits::PAGE_ROWS;
use crate::tables::{HEAD, PUBLISHED, ROOM, ROOM_NUM};
use crate::{PublicRoom, Rooms, RoomsError};

/// Everything that lists and details show of a room.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RoomDetails {
    /// What the directory would show.
    pub entry: PublicRoom,
    /// The room version.
    pub version: String,
    /// Who created it.
    pub creator: Option<OwnedUserId>,
    /// The encryption algorithm, if the room is encrypted.
    pub encryption: Option<String>,
    /// Whether other servers may take part.
    pub federatable: bool,
    /// Whether the directory lists it.
    pub is_published: bool,
    /// Its history visibility, as written.
    pub history_visibility: Option<String>,
    /// Its guest access, as written.
    pub guest_access: Option<String>,
    /// Entries of the current state.
    pub state_events: usize,
    /// Joined members who live here.
    pub joined_local_members: usize,
}

/// By what a list of rooms is ordered; equal ones by room id.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum RoomOrder {
    /// By name, in any case.
    #[default]
    Name,
    /// By canonical alias.
    CanonicalAlias,
    /// The most joined members first.
    JoinedMembers,
    /// The most joined local members first.
    JoinedLocalMembers,
    /// By version.
    Version,
    /// By creator.
    Creator,
    /// Encrypted rooms first.
    Encryption,
    /// Rooms that federate first.
    Federatable,
    /// Published rooms first.
    Public,
    /// By join rule.
    JoinRules,
    /// By guest access.
    GuestAccess,
    /// By history visibility.
    HistoryVisibility,
    /// The most state first.
    StateEvents,
}

/// Which rooms are wanted, in which order.
#[derive(Clone, Debug, Default)]
pub struct RoomQuery {
    /// Text that name, canonical alias or room id must contain, in any case.
    pub term: Option<String>,
    /// Only published rooms, or only others.
    pub published: Option<bool>,
    /// Only rooms without joined members, or only others.
    pub empty: Option<bool>,
    /// The order.
    pub order: RoomOrder,
    /// The other way round.
    pub backwards: bool,
    /// How many to pass over.
    pub from: usize,
    /// How many to return.
    pub limit: usize,
}

/// A page of the list.
#[derive(Clone, Debug, Default)]
pub struct RoomList {
    /// The rooms.
    pub rooms: Vec<RoomDetails>,
    /// How many match in all.
    pub total: usize,
}

impl Rooms {
    /// Rooms by query. Reads the shown state of every room, for at most [`ROOMS_LISTED_SCAN_MAX`] rooms.
    ///
    /// # Errors
    /// The store's own.
    pub async fn list_rooms(&self, query: &RoomQuery) -> Result<RoomList, RoomsError> {
        let mut found = Vec::new();
        let (mut last, mut seen): (Option<RoomNum>, usize) = (None, 0);
        while seen < ROOMS_LISTED_SCAN_MAX {
            let mut scan = Scan::all().limit(PAGE_ROWS);
            if let Some(last) = &last {
                scan = scan.after(last);
            }
            let page = self.parts.store.scan(&ROOM, scan).await?;
            let Some((end, _)) = page.last() else { break };
            last = Some(*end);
            seen += page.len();
            for (room, record) in page {
                if self.parts.store.get(&ROOM_NUM, &record.room_id).await? != Some(room) {
                    continue; // being purged
                }
                let details = self.details_of(room).await?;
                if query.wants(&details) {
                    found.push(details);
                }
            }
        }
        found.sort_by(|a, b| query.compare(a, b));
        let total = found.len();
        Ok(RoomList { rooms: found.into_iter().skip(query.from).take(query.limit).collect(), total })
    }

    /// What an administrator wants to know of a room.
    ///
    /// # Errors
    /// The room is unknown.
    pub async fn room_details(&self, room_id: &RoomId) -> Result<RoomDetails, RoomsError> {
        let room = self.known_room(&self.parts.store, room_id).await?;
        self.details_of(room).await
    }

    /// The forward extremities of a room: ids, depth and time in ms.
    ///
    /// # Errors
    /// The room is unknown.
    pub async fn extremities(
        &self,
        room_id: &RoomId,
    ) -> Result<Vec<(ruma::OwnedEventId, u64, u64)>, RoomsError> {
        let store = &self.parts.store;
        let room = self.known_room(store, room_id).await?;
        let head = store.get(&HEAD, &room).await?.ok_or_else(|| RoomsError::missing("a room's head"))?;
        let mut extremities = Vec::with_capacity(head.extremities.len());
        for event in head.extremities {
            let pdu = self.pdu(store, event).await?;
            extremities.push((pdu.event_id().to_owned(), pdu.depth(), pdu.origin_server_ts()));
        }
        Ok(extremities)
    }

    async fn details_of(&self, room: RoomNum) -> Result<RoomDetails, RoomsError> {
        let store = &self.parts.store;
        let create = self.current_state(store, room, "m.room.create", "").await?;
        let content = create.as_ref().and_then(|pdu| pdu.content_as::<Map<String, Value>>().ok());
        let content = content.unwrap_or_default();
        let creator = create.as_ref().map(|pdu| pdu.sender().to_owned());
        Ok(RoomDetails {
            entry: self.directory_entry(room).await?,
            version: self.room_version(store, room).await?.id().to_string(),
            creator,
            encryption: self.state_text(room, "m.room.encryption", "algorithm").await?,
            federatable: content.get("m.federate").and_then(Value::as_bool).unwrap_or(true),
            is_published: store.exists(&PUBLISHED, &room).await?,
            history_visibility: self
                .state_text(room, "m.room.history_visibility", "history_visibility")
                .await?,
            guest_access: self.state_text(room, "m.room.guest_access", "guest_access").await?,
            state_events: self.current_state_all(store, room).await?.len(),
            joined_local_members: self.local_members(room).await?.len(),
        })
    }

    async fn state_text(&self, room: RoomNum, kind: &str, key: &str) -> Result<Option<String>, RoomsError> {
        let event = self.current_state(&self.parts.store, room, kind, "").await?;
        let content: Option<Map<String, Value>> = event.and_then(|pdu| pdu.content_as().ok());
        Ok(content.and_then(|content| content.get(key).and_then(Value::as_str).map(str::to_owned)))
    }

    /// The id of every room that this user is in, invited to or knocks on, has left or is banned from.
    ///
    /// # Errors
    /// The store's own.
    pub async fn memberships(
        &self,
        user: &ruma::UserId,
    ) -> Result<Vec<(OwnedRoomId, crate::Membership)>, RoomsError> {
        let mut memberships = Vec::new();
        for (room, member) in self.rooms_of_user(user).await?.iter() {
            memberships.push((self.room_id(&self.parts.store, *room).await?, member.membership));
        }
        Ok(memberships)
    }
}

impl RoomQuery {
    fn wants(&self, room: &RoomDetails) -> bool {
        let entry = &room.entry;
        let term = self.term.as_ref().map(|term| term.to_lowercase());
        let contains = |term: &String| {
            let alias = entry.canonical_alias.as_ref().map(|alias| alias.as_str());
            let texts = [entry.name.as_deref(), alias, Some(entry.room_id.as_str())];
            texts.into_iter().flatten().any(|text| text.to_lowercase().contains(term))
        };
        term.as_ref().is_none_or(contains)
            && self.published.is_none_or(|published| published == room.is_published)
            && self.empty.is_none_or(|empty| empty == (entry.joined_members == 0))
    }

    fn compare(&self, a: &RoomDetails, b: &RoomDetails) -> std::cmp::Ordering {
        let name = |room: &RoomDetails| room.entry.name.as_ref().map(|name| name.to_lowercase());
        let alias = |room: &RoomDetails| room.entry.canonical_alias.as_ref().map(ToString::to_string);
        let order = match self.order {
            RoomOrder::Name => name(a).cmp(&name(b)),
            RoomOrder::CanonicalAlias => alias(a).cmp(&alias(b)),
            RoomOrder::JoinedMembers => b.entry.joined_members.cmp(&a.entry.joined_members),
            RoomOrder::JoinedLocalMembers => b.joined_local_members.cmp(&a.joined_local_members),
            RoomOrder::Version => a.version.cmp(&b.version),
            RoomOrder::Creator => a.creator.cmp(&b.creator),
            RoomOrder::Encryption => b.encryption.is_some().cmp(&a.encryption.is_some()),
            RoomOrder::Federatable => b.federatable.cmp(&a.federatable),
            RoomOrder::Public => b.is_published.cmp(&a.is_published),
            RoomOrder::JoinRules => a.entry.join_rule.cmp(&b.entry.join_rule),
            RoomOrder::GuestAccess => a.guest_access.cmp(&b.guest_access),
            RoomOrder::HistoryVisibility => a.history_visibility.cmp(&b.history_visibility),
            RoomOrder::StateEvents => b.state_events.cmp(&a.state_events),
        };
        let order = order.then_with(|| a.entry.room_id.cmp(&b.entry.room_id));
        if self.backwards { order.reverse() } else { order }
    }
}
