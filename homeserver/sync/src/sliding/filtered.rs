//! The rooms of a user that pass one filter, in order, so that a window is read without going through all of them.
//!
//! A room about which anything may have changed is in doubt until the list is asked for again; then it alone is
//! judged anew.

use std::collections::{BTreeSet, HashMap};

use model::RoomNum;
use ruma::OwnedRoomId;

use super::{
    filter_inputs::FilterInputs,
    limits::{FILTERED_LISTS_MAX, ORDER_PLACE_BYTES},
    order::Order,
    request::RoomFilters,
    room_filter::RoomFilter,
    standing::{Eligibility, Entry, Place},
};
use crate::{SyncError, context::Context};

/// Doubts that a list keeps room for, so that a full one costs its memory once.
const DOUBTED_ROOM: usize = 16;

/// The rooms that pass, but for those whose place depends on the connection or on the user's taste in invites.
pub(crate) struct Filtered {
    filters: RoomFilters,
    inputs: FilterInputs,
    places: BTreeSet<Place>,
    /// Rooms in doubt, with the places they may still have in the list.
    doubted: HashMap<RoomNum, Option<Place>>,
    /// Rooms that the last request judged.
    judged: usize,
}

impl Filtered {
    /// Something about a room may have changed; it stood at `place`.
    pub fn doubt(&mut self, room: RoomNum, place: Option<Place>) {
        self.doubted.entry(room).or_insert(place);
    }

    /// How many rooms there are.
    pub fn len(&self) -> usize {
        self.places.len()
    }

    /// Whether a room stands in the list, whatever the window.
    pub fn contains(&self, entry: &Entry) -> bool {
        self.places.contains(&entry.place())
    }

    /// The places, from the top.
    pub fn downwards(&self) -> impl Iterator<Item = Place> {
        self.places.iter().rev().copied()
    }

    /// How many rooms the last request judged.
    #[cfg(test)]
    pub fn judged(&self) -> usize {
        self.judged
    }

    /// About as much memory as it takes.
    pub fn bytes(&self) -> usize {
        256 + (self.places.len() + self.doubted.len()) * ORDER_PLACE_BYTES
    }

    fn settle(&mut self, room: RoomNum, place: Option<Place>) {
        if let Some(Some(before)) = self.doubted.remove(&room) {
            self.places.remove(&before);
        }
        self.places.extend(place);
    }
}

impl Order {
    /// The list of a filter as it stands now. A look that is given up half-way costs the list, which is then made anew.
    pub async fn through(
        &mut self,
        context: &Context<'_>,
        filter: &RoomFilter<'_>,
    ) -> Result<&Filtered, SyncError> {
        let known = self.lists.iter().position(|list| list.filters == *filter.wanted());
        let mut list = match known {
            Some(index) => self.lists.remove(index),
            None => {
                let doubted = self.entries().map(|entry| (entry.room, None)).collect();
                let (filters, inputs) = (filter.wanted().clone(), filter.inputs().clone());
                Filtered { filters, inputs, places: BTreeSet::new(), doubted, judged: 0 }
            }
        };
        for room_id in list.inputs.differences(filter.inputs()) {
            self.doubt_by_id(context, &mut list, &room_id).await?;
        }
        list.inputs = filter.inputs().clone();
        let doubted: Vec<RoomNum> = list.doubted.keys().copied().collect();
        list.judged = doubted.len();
        metrics::histogram!("lianqiao_sliding_sync_rooms_judged").record(list.judged as f64);
        for room in doubted {
            let place = match self.entry(room).filter(|entry| entry.eligibility() == Eligibility::Always) {
                Some(entry) if filter.passes(context, entry).await? => Some(entry.place()),
                Some(_) | None => None,
            };
            list.settle(room, place);
        }
        list.doubted.shrink_to(DOUBTED_ROOM);
        if self.lists.len() >= FILTERED_LISTS_MAX {
            self.lists.remove(0);
        }
        let last = self.lists.len();
        self.lists.push(list);
        Ok(&self.lists[last])
    }

    async fn doubt_by_id(
        &self,
        context: &Context<'_>,
        list: &mut Filtered,
        room_id: &OwnedRoomId,
    ) -> Result<(), SyncError> {
        let room = context.inner.parts.rooms.room_num(context.reader(), room_id).await?;
        if let Some(entry) = room.and_then(|room| self.entry(room)) {
            list.doubt(entry.room, Some(entry.place()));
        }
        Ok(())
    }
}
