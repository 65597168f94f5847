//! Which member events a session has been sent, so that lazy loading does not repeat them.
//!
//! Two phases: what an answer holds is pending until the client shows the answer's token. An answer that was lost
//! on the way therefore costs a repetition, never a missing member. Memory only: after a restart members are sent
//! again, which the specification allows.

use std::{
    collections::{HashMap, hash_map::Entry},
    sync::Arc,
    time::Duration,
};

use model::{EventNum, RoomNum, StateKeyNum, StreamPos};
use moka::sync::Cache;
use parking_lot::Mutex;
use ruma::{OwnedDeviceId, OwnedUserId};

use crate::limits::{LAZY_IDLE_SECONDS, LAZY_MEMBERS_MAX, LAZY_ROOMS_MAX, LAZY_SESSIONS_MAX};

/// A device and the filter it syncs with.
pub(crate) type SessionKey = (OwnedUserId, Option<OwnedDeviceId>, u64);

type Members = HashMap<StateKeyNum, EventNum>;

/// What one session was sent.
#[derive(Default)]
pub(crate) struct SentMembers {
    confirmed_up_to: StreamPos,
    confirmed: HashMap<RoomNum, Members>,
    pending_up_to: StreamPos,
    pending: HashMap<RoomNum, Members>,
}

impl SentMembers {
    /// The client shows a token: what was sent with it has arrived. One older than what was confirmed before means
    /// that the client went back in time and has forgotten what it knew.
    pub fn begin(&mut self, since: Option<StreamPos>) {
        let since = since.unwrap_or(StreamPos::new(0));
        if since < self.confirmed_up_to || since.get() == 0 {
            self.confirmed.clear();
        }
        let pending = std::mem::take(&mut self.pending);
        if since == self.pending_up_to && since.get() > 0 {
            for (room, members) in pending {
                self.confirm(room, members);
            }
        }
        self.confirmed_up_to = since;
    }

    /// Whether the session has exactly this member event already.
    pub fn has(&self, room: RoomNum, member: StateKeyNum, event: EventNum) -> bool {
        self.confirmed.get(&room).and_then(|members| members.get(&member)) == Some(&event)
    }

    /// What the answer with token `up_to` holds.
    pub fn sent(&mut self, up_to: StreamPos, sent: HashMap<RoomNum, Members>) {
        self.pending_up_to = up_to;
        self.pending = sent;
    }

    fn confirm(&mut self, room: RoomNum, members: Members) {
        let full = self.confirmed.len() >= LAZY_ROOMS_MAX;
        match self.confirmed.entry(room) {
            Entry::Vacant(_) if full => {}
            Entry::Vacant(entry) => {
                entry.insert(members);
            }
            Entry::Occupied(mut entry) => {
                if entry.get().len() + members.len() > LAZY_MEMBERS_MAX {
                    entry.get_mut().clear();
                }
                entry.get_mut().extend(members);
            }
        }
    }
}

/// The memory of all sessions.
pub(crate) struct LazyMembers(Cache<SessionKey, Arc<Mutex<SentMembers>>>);

impl Default for LazyMembers {
    fn default() -> Self {
        let idle = Duration::from_secs(LAZY_IDLE_SECONDS);
        Self(Cache::builder().max_capacity(LAZY_SESSIONS_MAX).time_to_idle(idle).build())
    }
}

impl LazyMembers {
    /// The memory of one session.
    pub fn session(&self, key: SessionKey) -> Arc<Mutex<SentMembers>> {
        self.0.get_with(key, Arc::default)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ROOM: RoomNum = RoomNum::new(1);
    const BOB: StateKeyNum = StateKeyNum::new(7);
    const JOIN: EventNum = EventNum::new(70);

    fn at(position: u64) -> Option<StreamPos> {
        Some(StreamPos::new(position))
    }

    fn sent_at(position: u64) -> SentMembers {
        let mut sent = SentMembers::default();
        sent.begin(None);
        sent.sent(StreamPos::new(position), HashMap::from([(ROOM, HashMap::from([(BOB, JOIN)]))]));
        sent
    }

    #[test]
    fn a_member_counts_as_sent_once_the_token_returns() {
        let mut sent = sent_at(10);
        assert!(!sent.has(ROOM, BOB, JOIN));
        sent.begin(at(10));
        assert!(sent.has(ROOM, BOB, JOIN));
        assert!(!sent.has(ROOM, BOB, EventNum::new(71)), "a newer member event is news");
        sent.begin(at(12));
        assert!(sent.has(ROOM, BOB, JOIN));
    }

    #[test]
    fn a_lost_answer_is_sent_again() {
        let mut sent = sent_at(10);
        sent.begin(at(5));
        assert!(!sent.has(ROOM, BOB, JOIN));
    }

    #[test]
    fn a_client_that_goes_back_gets_everything_again() {
        for back in [None, at(9)] {
            let mut sent = sent_at(10);
            sent.begin(at(10));
            sent.begin(back);
            assert!(!sent.has(ROOM, BOB, JOIN), "{back:?}");
        }
    }

    #[test]
    fn a_room_with_too_many_members_starts_over() {
        let mut sent = sent_at(10);
        sent.begin(at(10));
        let many = (100..100 + LAZY_MEMBERS_MAX as u64).map(|n| (StateKeyNum::new(n), EventNum::new(n)));
        sent.sent(StreamPos::new(11), HashMap::from([(ROOM, many.collect())]));
        sent.begin(at(11));
        assert!(!sent.has(ROOM, BOB, JOIN));
        assert!(sent.has(ROOM, StateKeyNum::new(100), EventNum::new(100)));
    }
}
