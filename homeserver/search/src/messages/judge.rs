//! Which matches the asker may see.

use std::{
    collections::{HashMap, HashSet},
    sync::Arc,
};

use model::{EventNum, RoomNum};
use rooms::{
    Rooms, RoomsError,
    access::{ReadableRoom, Viewer},
    filter::EventFilter,
    visibility::Shown,
};
use ruma::OwnedUserId;

use crate::{SearchError, index::Match};

/// A match that may be told.
#[derive(Clone, Debug)]
pub(super) struct Told {
    pub found: Match,
    pub shown: Shown,
}

/// Judges matches for one user, remembering rooms.
pub(super) struct Judge<'a> {
    rooms: &'a Rooms,
    viewer: Viewer<'a>,
    filter: EventFilter,
    ignored: Arc<HashSet<OwnedUserId>>,
    readable: HashMap<RoomNum, Option<ReadableRoom>>,
}

impl<'a> Judge<'a> {
    pub(super) fn new(
        rooms: &'a Rooms,
        viewer: Viewer<'a>,
        filter: EventFilter,
        ignored: Arc<HashSet<OwnedUserId>>,
    ) -> Self {
        Self { rooms, viewer, filter, ignored, readable: HashMap::new() }
    }

    /// Those matches that the asker may see, in the given order.
    pub(super) async fn told(&mut self, matches: &[Match]) -> Result<Vec<Told>, SearchError> {
        let mut by_room: HashMap<RoomNum, Vec<EventNum>> = HashMap::new();
        for found in matches {
            by_room.entry(found.room).or_default().extend([found.event, found.source]);
        }
        let mut shown: HashMap<EventNum, Shown> = HashMap::new();
        for (room, mut events) in by_room {
            events.sort_unstable();
            events.dedup();
            for event in self.shown(room, &events).await? {
                shown.insert(event.num, event);
            }
        }
        let told = matches.iter().filter_map(|found| {
            // The words are those of the newest edit: who may not see it must not learn them.
            let is_source_shown = shown.contains_key(&found.source);
            let event = shown.get(&found.event).filter(|_| is_source_shown)?;
            let is_redacted = event.meta.redacted_by.is_some();
            let is_wanted = !is_redacted && self.filter.matches(&event.pdu);
            (is_wanted && !self.ignored.contains(event.pdu.sender()))
                .then(|| Told { found: *found, shown: event.clone() })
        });
        Ok(told.collect())
    }

    async fn shown(&mut self, room: RoomNum, events: &[EventNum]) -> Result<Vec<Shown>, SearchError> {
        let Some(readable) = self.readable(room).await? else { return Ok(Vec::new()) };
        let mut shown = Vec::with_capacity(events.len());
        match self.rooms.shown(self.rooms.store(), self.viewer, room, events).await {
            Ok(all) => shown = all,
            Err(RoomsError::Corrupt(_)) => {
                // One purged or damaged event must not hide the others.
                for event in events {
                    match self.rooms.shown(self.rooms.store(), self.viewer, room, &[*event]).await {
                        Ok(one) => shown.extend(one),
                        Err(RoomsError::Corrupt(reason)) => tracing::debug!(reason, "a match was left out"),
                        Err(other) => return Err(other.into()),
                    }
                }
            }
            Err(other) => return Err(other.into()),
        }
        shown.retain(|event| event.position <= readable.newest());
        Ok(shown)
    }

    /// The room as far as the asker may read it; none when not at all.
    async fn readable(&mut self, room: RoomNum) -> Result<Option<ReadableRoom>, SearchError> {
        if let Some(known) = self.readable.get(&room) {
            return Ok(known.clone());
        }
        let store = self.rooms.store();
        let readable = match self.rooms.room_id(store, room).await {
            Ok(room_id) => match self.rooms.readable_room(store, self.viewer.user, &room_id).await {
                Ok(readable) => Some(readable),
                Err(RoomsError::Forbidden(_)) => None,
                Err(other) => return Err(other.into()),
            },
            Err(RoomsError::Corrupt(_)) => None,
            Err(other) => return Err(other.into()),
        };
        self.readable.insert(room, readable.clone());
        Ok(readable)
    }

    /// The room of a told match.
    pub(super) fn room(&self, room: RoomNum) -> Option<&ReadableRoom> {
        self.readable.get(&room)?.as_ref()
    }
}
