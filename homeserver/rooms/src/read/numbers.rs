//! Between the strings of the protocol and the short numbers inside.

use std::sync::Arc;

use model::{EventNum, RoomNum, RoomVersion, StateKeyNum};
use quick_cache::Equivalent;
use ruma::{EventId, OwnedEventId, OwnedRoomId, RoomId, RoomVersionId};
use store::Reader;

use super::StateKey;
use crate::limits::PAGE_ROWS;
use crate::tables::{EVENT_NUM, ROOM, ROOM_NUM, STATE_KEY, STATE_KEY_NUM};
use crate::{Rooms, RoomsError};

/// A [`StateKey`] that is only looked up.
#[derive(Hash)]
struct StateKeyRef<'a>(&'a str, &'a str);

impl Equivalent<StateKey> for StateKeyRef<'_> {
    fn equivalent(&self, (kind, state_key): &StateKey) -> bool {
        self.0 == kind && self.1 == state_key
    }
}

/// What never changes about a room.
#[derive(Clone, Debug)]
pub struct RoomInfo {
    /// The room id.
    pub room_id: OwnedRoomId,
    /// The rules of the room's version.
    pub version: &'static RoomVersion,
}

impl Rooms {
    /// The number of a room, if this server knows it.
    pub async fn room_num(&self, reader: &Reader, room_id: &RoomId) -> Result<Option<RoomNum>, RoomsError> {
        if let Some(num) = self.caches.room_nums.get(room_id) {
            return Ok(Some(num));
        }
        let room_id = room_id.to_owned();
        let found = reader.get(&ROOM_NUM, &room_id).await?;
        if let Some(num) = found {
            self.caches.room_nums.insert(room_id, num);
        }
        Ok(found)
    }

    /// The number of a room, or the error that the room is unknown.
    pub async fn known_room(&self, reader: &Reader, room_id: &RoomId) -> Result<RoomNum, RoomsError> {
        self.room_num(reader, room_id).await?.ok_or(RoomsError::RoomNotFound)
    }

    /// Id and version of a room.
    pub async fn room_info(&self, reader: &Reader, room: RoomNum) -> Result<Arc<RoomInfo>, RoomsError> {
        if let Some(info) = self.caches.rooms.get(&room) {
            return Ok(info);
        }
        let row = reader.get(&ROOM, &room).await?.ok_or_else(|| RoomsError::missing("a room's row"))?;
        let version = RoomVersionId::try_from(row.version.as_str())
            .ok()
            .and_then(|version| model::room_version(&version))
            .ok_or_else(|| RoomsError::Corrupt(format!("room version {:?} is not known", row.version)))?;
        let info = Arc::new(RoomInfo { room_id: row.room_id, version });
        self.caches.rooms.insert(room, Arc::clone(&info));
        Ok(info)
    }

    /// The id of a room.
    pub async fn room_id(&self, reader: &Reader, room: RoomNum) -> Result<OwnedRoomId, RoomsError> {
        Ok(self.room_info(reader, room).await?.room_id.clone())
    }

    /// The rules of a room's version.
    pub async fn room_version(
        &self,
        reader: &Reader,
        room: RoomNum,
    ) -> Result<&'static RoomVersion, RoomsError> {
        Ok(self.room_info(reader, room).await?.version)
    }

    /// The number of an event, if this server knows it.
    pub async fn event_num(
        &self,
        reader: &Reader,
        event_id: &EventId,
    ) -> Result<Option<EventNum>, RoomsError> {
        if let Some(num) = self.caches.event_nums.get(event_id) {
            return Ok(Some(num));
        }
        let event_id = event_id.to_owned();
        let found = reader.get(&EVENT_NUM, &event_id).await?;
        if let Some(num) = found {
            self.caches.event_nums.insert(event_id, num);
        }
        Ok(found)
    }

    /// The numbers of many events, in the order asked for.
    pub async fn event_nums(
        &self,
        reader: &Reader,
        event_ids: &[OwnedEventId],
    ) -> Result<Vec<Option<EventNum>>, RoomsError> {
        let mut nums = Vec::with_capacity(event_ids.len());
        for event_id in event_ids {
            nums.push(self.event_num(reader, event_id).await?);
        }
        Ok(nums)
    }

    /// The number of a state key, if any room ever used it.
    pub async fn state_key_num(
        &self,
        reader: &Reader,
        kind: &str,
        state_key: &str,
    ) -> Result<Option<StateKeyNum>, RoomsError> {
        if let Some(num) = self.caches.state_key_nums.get(&StateKeyRef(kind, state_key)) {
            return Ok(Some(num));
        }
        let key = (kind.to_owned(), state_key.to_owned());
        let found = reader.get(&STATE_KEY_NUM, &key).await?;
        if let Some(num) = found {
            self.caches.state_key_nums.insert(key, num);
        }
        Ok(found)
    }

    /// Type and state key of a number.
    pub async fn state_key(&self, reader: &Reader, num: StateKeyNum) -> Result<Arc<StateKey>, RoomsError> {
        if let Some(key) = self.caches.state_keys.get(&num) {
            return Ok(key);
        }
        let key = reader.get(&STATE_KEY, &num).await?.ok_or_else(|| RoomsError::missing("a state key"))?;
        let key = Arc::new(key);
        self.caches.state_keys.insert(num, Arc::clone(&key));
        Ok(key)
    }

    /// Types and state keys of many numbers, in the order asked for.
    pub async fn state_keys(
        &self,
        reader: &Reader,
        nums: &[StateKeyNum],
    ) -> Result<Vec<Arc<StateKey>>, RoomsError> {
        let mut keys: Vec<Option<Arc<StateKey>>> =
            nums.iter().map(|num| self.caches.state_keys.get(num)).collect();
        let unknown: Vec<StateKeyNum> =
            nums.iter().zip(&keys).filter(|(_, key)| key.is_none()).map(|(num, _)| *num).collect();
        let mut found = Vec::with_capacity(unknown.len());
        for page in unknown.chunks(PAGE_ROWS) {
            found.extend(reader.multi_get(&STATE_KEY, page).await?);
        }
        let mut loaded = found.into_iter().zip(unknown);
        for slot in keys.iter_mut().filter(|slot| slot.is_none()) {
            if let Some((Some(key), num)) = loaded.next() {
                let key = Arc::new(key);
                self.caches.state_keys.insert(num, Arc::clone(&key));
                *slot = Some(key);
            }
        }
        keys.into_iter().map(|key| key.ok_or_else(|| RoomsError::missing("a state key"))).collect()
    }
}
