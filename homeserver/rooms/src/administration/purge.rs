//! Taking a room away with every row of it.
//!
//! First the room is closed: memberships, aliases, directory entry, head and id go, so that nobody finds
//! it and no append can succeed. Then its rows go step by step. Every step may be repeated, so a purge
//! that a crash interrupted begins again with [`Rooms::close_room`] and loses nothing.

use model::{EventNum, RoomNum, StreamPos};
use ruma::{OwnedUserId, RoomId, UserId, api::Direction};
use store::{Batch, Scan};
use streams::Fact;

use super::{ALIASES_PURGED_MAX, ClosedRoom, PURGE_STEP_ROWS};
use crate::append::Writer;
use crate::limits::PAGE_ROWS;
use crate::partial::tables::{COMPLETION, PARTIAL_EVENT, PARTIAL_ROOM};
use crate::read::TimelineRange;
use crate::reading_tables::{
    RECEIPT, RECEIPT_CHANGE, RELATED, RELATION, THREAD_REPLY, THREAD_SUBSCRIPTION,
    THREAD_SUBSCRIPTION_CHANGE, UNREAD,
};
use crate::tables::{
    ALIAS, ALIAS_OF_ROOM, CURRENT_STATE, EVENT, EVENT_META, EVENT_NUM, GAP, HEAD, MEMBER, MEMBER_COUNT,
    MEMBERSHIP_CHANGE, PUBLISHED, REDACTED_ORIGINAL, ROOM, ROOM_NUM, ROOM_OF_USER, ROOM_SERVER, SERVER_ROOM,
    STATE_CHANGE, STRIPPED, TIMELINE, TIMESTAMP,
};
use crate::{Rooms, RoomsError, resolution};

/// Deletes a page of the rows of `room` in the first of these tables that has any.
macro_rules! delete_first_page {
    ($rooms:expr, $room:expr, $($table:expr),+ $(,)?) => {$(
        let scan = Scan::prefix(&$room).limit(PURGE_STEP_ROWS);
        let keys = $rooms.parts.store.scan_keys(&$table, scan).await?;
        if !keys.is_empty() {
            let mut batch = Batch::new();
            for key in &keys {
                batch.delete(&$table, key);
            }
            $rooms.parts.store.commit(batch).await?;
            return Ok(keys.len());
        }
    )+};
}

impl Rooms {
    /// Closes a room: from here on this server does not know it. Whoever is in it should have left
    /// before, or never hears why it is gone.
    ///
    /// # Errors
    /// The room is unknown, or the store's own.
    pub async fn close_room(&self, room_id: &RoomId) -> Result<ClosedRoom, RoomsError> {
        let store = &self.parts.store;
        let room = self.known_room(store, room_id).await?;
        // An append of this process waits here and then finds no head; one elsewhere loses its condition.
        let mut writer = self.locks.lock(room).await;
        self.delete_membership_changes(room).await?;
        while self.delete_members(room).await? > 0 {}
        while self.delete_servers(room).await? > 0 {}
        let mut batch = Batch::new();
        let scan = Scan::prefix(&room).limit(ALIASES_PURGED_MAX);
        for key in store.scan_keys(&ALIAS_OF_ROOM, scan).await? {
            batch.delete(&ALIAS, &key.1);
            batch.delete(&ALIAS_OF_ROOM, &key);
        }
        batch.delete(&PUBLISHED, &room);
        let position = batch.position();
        streams::record(&mut batch, position, &Fact::Listing { room });
        batch.delete(&MEMBER_COUNT, &room);
        batch.delete(&HEAD, &room);
        batch.delete(&PARTIAL_ROOM, &room);
        batch.delete(&COMPLETION, &room);
        batch.delete(&ROOM_NUM, &room_id.to_owned());
        let (rooms, id) = (self.clone(), room_id.to_owned());
        batch.on_commit(move |_| {
            rooms.caches.room_nums.invalidate(&id);
            rooms.caches.local_members.invalidate(&room);
            rooms.caches.completions.invalidate(&room);
        });
        store.commit(batch).await?;
        self.partial.remove(room);
        *writer = Writer::default();
        Ok(ClosedRoom(room))
    }

    /// Deletes some rows of a closed room. Returns how many; the room is gone when that is 0.
    ///
    /// # Errors
    /// The store's own.
    pub async fn purge_step(&self, ClosedRoom(room): ClosedRoom) -> Result<usize, RoomsError> {
        let deleted = self.purge_timeline(room).await?;
        if deleted > 0 {
            return Ok(deleted);
        }
        let deleted = self.purge_current_state(room).await?;
        if deleted > 0 {
            return Ok(deleted);
        }
        delete_first_page!(
            self,
            room,
            STATE_CHANGE,
            TIMESTAMP,
            MEMBER,
            RELATION,
            RELATED,
            THREAD_REPLY,
            RECEIPT,
            RECEIPT_CHANGE,
            GAP,
            PARTIAL_EVENT,
        );
        let snapshots = resolution::delete_snapshots(&self.parts.store, room, PURGE_STEP_ROWS).await?;
        if snapshots > 0 {
            return Ok(snapshots);
        }
        let mut batch = Batch::new();
        batch.delete(&ROOM, &room);
        let rooms = self.clone();
        batch.on_commit(move |_| rooms.caches.rooms.invalidate(&room));
        self.parts.store.commit(batch).await?;
        Ok(0)
    }

    /// The memberships' log is ordered by user; the room's own log of state says where its rows are.
    async fn delete_membership_changes(&self, room: RoomNum) -> Result<(), RoomsError> {
        let store = &self.parts.store;
        let changes = self.state_changes(store, room, StreamPos::new(0), StreamPos::MAX).await?;
        for page in changes.chunks(PAGE_ROWS) {
            let mut batch = Batch::new();
            for change in page {
                let key = self.state_key(store, change.key).await?;
                if key.0 == "m.room.member"
                    && let Ok(user) = UserId::parse(key.1.as_str())
                {
                    batch.delete(&MEMBERSHIP_CHANGE, &(user, change.position));
                }
            }
            if !batch.is_empty() {
                store.commit(batch).await?;
            }
        }
        Ok(())
    }

    async fn delete_members(&self, room: RoomNum) -> Result<usize, RoomsError> {
        let scan = Scan::prefix(&room).limit(PAGE_ROWS);
        let keys = self.parts.store.scan_keys(&MEMBER, scan).await?;
        if keys.is_empty() {
            return Ok(0);
        }
        for (_, user) in &keys {
            self.delete_thread_subscriptions(room, user).await?;
        }
        let mut batch = Batch::new();
        for key in &keys {
            let by_user: (OwnedUserId, RoomNum) = (key.1.clone(), room);
            batch.delete(&MEMBER, key);
            batch.delete(&ROOM_OF_USER, &by_user);
            batch.delete(&STRIPPED, &by_user);
            batch.delete(&UNREAD, &by_user);
        }
        let (rooms, count) = (self.clone(), keys.len());
        batch.on_commit(move |_| {
            keys.iter().for_each(|(_, user)| rooms.caches.rooms_of_user.invalidate(user))
        });
        self.parts.store.commit(batch).await?;
        Ok(count)
    }

    /// The servers that were in the room.
    async fn delete_servers(&self, room: RoomNum) -> Result<usize, RoomsError> {
        let store = &self.parts.store;
        let keys = store.scan_keys(&ROOM_SERVER, Scan::prefix(&room).limit(PAGE_ROWS)).await?;
        let mut batch = Batch::new();
        for (_, server) in &keys {
            batch.delete(&ROOM_SERVER, &(room, server.clone()));
            batch.delete(&SERVER_ROOM, &(server.clone(), room));
        }
        if !batch.is_empty() {
            store.commit(batch).await?;
        }
        Ok(keys.len())
    }

    /// The threads of the room that a user ever followed.
    async fn delete_thread_subscriptions(&self, room: RoomNum, user: &OwnedUserId) -> Result<(), RoomsError> {
        let store = &self.parts.store;
        loop {
            let scan = Scan::prefix(&(user.clone(), room)).limit(PAGE_ROWS);
            let rows = store.scan(&THREAD_SUBSCRIPTION, scan).await?;
            if rows.is_empty() {
                return Ok(());
            }
            let mut batch = Batch::new();
            for (key, (changed, _)) in &rows {
                batch.delete(&THREAD_SUBSCRIPTION, key);
                batch.delete(&THREAD_SUBSCRIPTION_CHANGE, &(user.clone(), *changed));
            }
            store.commit(batch).await?;
        }
    }

    async fn purge_timeline(&self, room: RoomNum) -> Result<usize, RoomsError> {
        let store = &self.parts.store;
        let page =
            self.timeline(store, room, TimelineRange::all(), Direction::Forward, PURGE_STEP_ROWS).await?;
        if page.is_empty() {
            return Ok(0);
        }
        let mut batch = Batch::new();
        for (position, event) in &page {
            batch.delete(&TIMELINE, &(room, *position));
            self.delete_event(&mut batch, *event).await?;
        }
        let rooms = self.clone();
        batch.on_commit(move |_| rooms.caches.recent.invalidate(&room));
        store.commit(batch).await?;
        Ok(page.len())
    }

    /// Adds the end of an event's own rows.
    pub(super) async fn delete_event(&self, batch: &mut Batch, event: EventNum) -> Result<(), RoomsError> {
        let store = &self.parts.store;
        let Some(stored) = store.get(&EVENT, &event).await? else { return Ok(()) };
        if let Some((position, meta)) = store.get(&EVENT_META, &event).await? {
            if meta.in_timeline {
                batch.delete(&TIMESTAMP, &(meta.room, meta.origin_server_ts, position));
            }
            resolution::delete_place(batch, event, meta.chain, meta.sequence);
        }
        batch.delete(&EVENT, &event);
        batch.delete(&REDACTED_ORIGINAL, &event);
        batch.delete(&EVENT_META, &event);
        batch.delete(&EVENT_NUM, &stored.event_id);
        let rooms = self.clone();
        batch.on_commit(move |_| {
            rooms.caches.event_nums.invalidate(&stored.event_id);
            rooms.caches.pdus.invalidate(&event);
            rooms.caches.metas.invalidate(&event);
        });
        Ok(())
    }

    async fn purge_current_state(&self, room: RoomNum) -> Result<usize, RoomsError> {
        let scan = Scan::prefix(&room).limit(PURGE_STEP_ROWS);
        let rows = self.parts.store.scan(&CURRENT_STATE, scan).await?;
        if rows.is_empty() {
            return Ok(0);
        }
        let mut batch = Batch::new();
        for (key, event) in &rows {
            batch.delete(&CURRENT_STATE, key);
            self.delete_event(&mut batch, *event).await?;
        }
        let (rooms, count) = (self.clone(), rows.len());
        batch.on_commit(move |_| rows.iter().for_each(|(key, _)| rooms.caches.current_state.invalidate(key)));
        self.parts.store.commit(batch).await?;
        Ok(count)
    }
}
