//! What a commit changes in memory: run by the committer, before anybody hears of the commit.

use std::sync::Arc;

use model::{EventNum, Pdu, RoomNum, StateKeyNum, StreamPos, TimelinePos};
use ruma::{OwnedEventId, OwnedUserId};
use store::{Batch, Commit};

use crate::Rooms;
use crate::read::{EventMeta, StateKey};

/// A new event's rows.
pub(crate) struct NewRow {
    pub event: EventNum,
    pub event_id: OwnedEventId,
    pub pdu: Pdu,
    pub meta: EventMeta,
}

struct MemberEffect {
    user: OwnedUserId,
    joined: bool,
    local: bool,
    position: StreamPos,
}

/// Changes of the caches, collected while a batch is built.
pub(crate) struct Effects {
    room: RoomNum,
    events: Vec<NewRow>,
    state_keys: Vec<(StateKey, StateKeyNum)>,
    current_state: Vec<(StateKeyNum, Option<EventNum>, StreamPos)>,
    members: Vec<MemberEffect>,
    timeline: Vec<(EventNum, StreamPos)>,
    newest_bump: Option<StreamPos>,
    redacted: Vec<EventNum>,
    newest_gap: Option<StreamPos>,
    history: bool,
    whole_at: Option<StreamPos>,
}

impl Effects {
    pub fn new(room: RoomNum) -> Self {
        Self {
            room,
            events: Vec::new(),
            state_keys: Vec::new(),
            current_state: Vec::new(),
            members: Vec::new(),
            timeline: Vec::new(),
            newest_bump: None,
            redacted: Vec::new(),
            newest_gap: None,
            history: false,
            whole_at: None,
        }
    }

    pub fn event(&mut self, row: NewRow) {
        self.events.push(row);
    }

    pub fn new_state_key(&mut self, key: StateKey, num: StateKeyNum) {
        self.state_keys.push((key, num));
    }

    pub fn current_state(&mut self, key: StateKeyNum, event: Option<EventNum>, position: StreamPos) {
        self.current_state.push((key, event, position));
    }

    pub fn member(&mut self, user: OwnedUserId, joined: bool, local: bool, position: StreamPos) {
        self.members.push(MemberEffect { user, joined, local, position });
    }

    /// `bumps`: the event counts as activity.
    pub fn in_timeline(&mut self, event: EventNum, position: StreamPos, bumps: bool) {
        self.timeline.push((event, position));
        if bumps {
            self.newest_bump = Some(position);
        }
    }

    pub fn redacted(&mut self, event: EventNum) {
        self.redacted.push(event);
    }

    /// Something is missing before the event at this position.
    pub fn gap(&mut self, position: StreamPos) {
        self.newest_gap = Some(position);
    }

    /// Events were put into the timeline elsewhere than at its end.
    pub fn in_history(&mut self) {
        self.history = true;
    }

    /// The rest of the state came in.
    pub fn state_whole(&mut self, position: StreamPos) {
        self.whole_at = Some(position);
    }

    /// Hands the changes to the committer.
    pub fn after_commit(self, rooms: &Rooms, batch: &mut Batch) {
        if !self.timeline.is_empty() {
            let (rooms, room) = (rooms.clone(), self.room);
            batch.on_visible(move |_| rooms.reading.peeks.wake(room));
        }
        let rooms = rooms.clone();
        batch.on_commit(move |commit| self.apply(&rooms, commit));
    }

    fn apply(self, rooms: &Rooms, commit: &Commit) {
        let caches = &rooms.caches;
        for (key, num) in self.state_keys {
            caches.state_keys.insert(num, Arc::new(key.clone()));
            caches.state_key_nums.insert(key, num);
        }
        for mut row in self.events {
            row.meta.position = row.meta.position.map(|position| commit.resolve_timeline(position));
            caches.event_nums.insert(row.event_id, row.event);
            caches.pdus.replace(row.event, row.pdu);
            caches.metas.replace(row.event, Arc::new(row.meta));
        }
        for (key, event, position) in self.current_state {
            caches.current_state.replace((self.room, key), event);
            caches.recency.moved(self.room, caches.latest_state.raise(&self.room, commit.resolve(position)));
        }
        if let Some(position) = self.whole_at {
            // Those to whom the room is shown from now on look at it, even if no entry changed.
            caches.recency.moved(self.room, caches.latest_state.raise(&self.room, commit.resolve(position)));
        }
        for member in self.members {
            caches.rooms_of_user.invalidate(&member.user);
            caches.latest_membership.raise(&member.user, commit.resolve(member.position));
            if member.local {
                caches.local_members.update(self.room, |members| {
                    Some(if member.joined {
                        members.with(&member.user)
                    } else {
                        members.without(&member.user)
                    })
                });
            }
        }
        for (event, position) in &self.timeline {
            let place = commit.resolve_timeline(TimelinePos::from(*position));
            caches.recent.update(self.room, |recent| Some(Arc::new(recent.with(place, *event)?)));
        }
        if let Some((_, position)) = self.timeline.last() {
            let newest = caches.latest_event.raise(&self.room, commit.resolve(*position));
            caches.recency.moved(self.room, newest);
        }
        if let Some(position) = self.newest_bump {
            caches.latest_bump.raise(&self.room, commit.resolve(position));
        }
        if let Some(position) = self.newest_gap {
            caches.latest_gap.raise(&self.room, commit.resolve(position));
        }
        if self.history {
            caches.recent.invalidate(&self.room);
        }
        for event in self.redacted {
            caches.pdus.invalidate(&event);
            caches.metas.invalidate(&event);
        }
    }
}
