//! Reading by number and position, without asking who wants to know.
//!
//! Nothing here checks a right: answers to users go through [`crate::access`]. Rows that never
//! change are cached freely; rows that change are cached in [`crate::cache::LiveCache`] and are
//! therefore always read from the live store, so a snapshot may see them a moment early.

mod events;
mod members;
mod numbers;
mod recent;
mod state;
mod timeline;

use std::sync::Arc;

use model::{EventNum, Pdu, RoomNum, StateKeyNum};
use rules::acl::ServerAcl;
use ruma::{OwnedEventId, OwnedRoomId, OwnedUserId};
use store::Store;

pub use events::EventMeta;
pub use members::{LocalMembers, MemberCounts};
pub use numbers::RoomInfo;
pub(crate) use state::NO_EVENT;
pub use state::StateChange;
pub use timeline::TimelineRange;

use crate::cache::{Cache, Frontier, Hints, LiveCache};
use crate::limits;
use crate::member::Member;
use crate::partial::Completion;
use crate::recency::Recency;

/// A state key, as event type and state key.
pub type StateKey = (String, String);

/// Everything that this crate keeps in memory of its tables.
pub(crate) struct Caches {
    pub room_nums: Cache<OwnedRoomId, RoomNum>,
    pub rooms: Cache<RoomNum, Arc<RoomInfo>>,
    pub event_nums: Cache<OwnedEventId, EventNum>,
    pub state_key_nums: Cache<StateKey, StateKeyNum>,
    pub state_keys: Cache<StateKeyNum, Arc<StateKey>>,
    pub pdus: LiveCache<EventNum, Pdu>,
    pub metas: LiveCache<EventNum, Arc<EventMeta>>,
    pub current_state: LiveCache<(RoomNum, StateKeyNum), Option<EventNum>>,
    pub local_members: LiveCache<RoomNum, LocalMembers>,
    pub rooms_of_user: LiveCache<OwnedUserId, Arc<[(RoomNum, Member)]>>,
    pub latest_event: Hints<RoomNum>,
    pub latest_bump: Hints<RoomNum>,
    pub latest_state: Hints<RoomNum>,
    pub latest_gap: Hints<RoomNum>,
    pub latest_membership: Hints<OwnedUserId>,
    pub recency: Recency,
    pub acls: Cache<EventNum, Arc<ServerAcl>>,
    pub recent: LiveCache<RoomNum, Arc<recent::Recent>>,
    pub completions: LiveCache<RoomNum, Option<Completion>>,
}

impl Caches {
    /// Empty caches of a store. Half of `cache_bytes` is for events.
    pub fn new(store: &Store, cache_bytes: u64) -> Self {
        let frontier = Frontier::of(store);
        Self {
            room_nums: Cache::new(limits::NUMBER_CACHE_ENTRIES),
            rooms: Cache::new(limits::NUMBER_CACHE_ENTRIES),
            event_nums: Cache::new(limits::NUMBER_CACHE_ENTRIES),
            state_key_nums: Cache::new(limits::NUMBER_CACHE_ENTRIES),
            state_keys: Cache::new(limits::NUMBER_CACHE_ENTRIES),
            pdus: LiveCache::by_bytes(cache_bytes / 2, limits::EVENT_USUAL_BYTES, |pdu: &Pdu| {
                // The form that clients see is kept beside the bytes.
                2 * pdu.json().len() + limits::EVENT_OVERHEAD_BYTES
            })
            .following(&frontier),
            metas: LiveCache::new(limits::EVENT_META_CACHE_ENTRIES).following(&frontier),
            current_state: LiveCache::new(limits::CURRENT_STATE_CACHE_ENTRIES).following(&frontier),
            local_members: LiveCache::new(limits::ROOM_CACHE_ENTRIES).following(&frontier),
            rooms_of_user: LiveCache::new(limits::USER_CACHE_ENTRIES).following(&frontier),
            latest_event: Hints::new(),
            latest_bump: Hints::new(),
            latest_state: Hints::new(),
            latest_gap: Hints::new(),
            latest_membership: Hints::new(),
            recency: Recency::new(store.frontier()),
            acls: Cache::new(limits::ACL_CACHE_ENTRIES),
            recent: LiveCache::by_bytes(limits::RECENT_EVENTS_BYTES, 512, |recent: &Arc<recent::Recent>| {
                recent.bytes()
            })
            .following(&frontier),
            completions: LiveCache::new(limits::ROOM_CACHE_ENTRIES).following(&frontier),
        }
    }
}
