//! Rooms: the one door for events, and everything that can be asked of a room.
//!
//! Writing: [`append`] is the only way an event enters a room, local or foreign; [`create`],
//! [`membership`], [`aliases`] and [`directory`] are built on it. Reading: [`read`] answers by
//! number and position without asking who wants to know; [`access`] and what is built on it decide
//! who may see what. This crate never speaks HTTP and never decides how a Matrix error is called.

use std::sync::Arc;

use accounts::Accounts;
use base::{Clock, Rng};
use ruma::signatures::Ed25519KeyPair;
use ruma::{OwnedServerName, RoomVersionId, UserId};
use store::Store;
use streams::{Notifier, Numbers};

pub mod access;
mod administration;
mod aliases;
mod append;
mod cache;
pub mod context;
mod create;
mod directory;
mod error;
pub mod filter;
mod graph;
pub mod hierarchy;
pub mod index;
mod indexing;
mod json;
pub mod jump_to_date;
pub mod limits;
pub mod member;
mod membership;
mod migrations;
pub mod notifications;
pub mod outliers;
pub mod pagination;
mod partial;
pub mod peeks;
mod peers;
pub mod policy_server;
pub mod presence;
mod presence_waves;
mod push_context;
pub mod read;
pub mod read_markers;
pub mod reading;
pub mod reading_tables;
#[cfg(test)]
mod reading_tests;
pub mod receipts;
pub mod recency;
mod records;
pub mod relations;
mod resolution;
mod sending;
pub mod serialize;
pub mod state_reading;
mod sticky;
pub mod stored;
pub mod summary;
pub mod tables;
#[cfg(test)]
mod test_support;
pub mod thread_subscriptions;
pub mod threads;
pub mod token;
pub mod typing;
pub mod unread;
mod unredacted;
pub mod visibility;

pub use administration::{ClosedRoom, HistoryPurge, RoomDetails, RoomList, RoomOrder, RoomQuery};
pub use append::{
    Appended, ForeignEvent, Gap, NewEvent, REMOVAL_READER, RoomImport, TransactionKey, Verdict,
};
pub use context::Surroundings;
pub use create::{CreateRoom, Created, InitialState, Preset};
pub use directory::PublicRoom;
pub use error::RoomsError;
pub use graph::parents_first;
pub use json::canonical_object;
pub use member::{Member, Membership, MembershipChange};
pub use membership::{Joining, ThirdPartyInvite};
pub use migrations::migrations;
pub use outliers::Standing;
pub use partial::{Completion, PartialRoom, PartialState};
pub use peers::{
    Inviting, MembershipTemplate, OutsideMembership, OwnMembership, PeerMembership, PeerRoom, PeerState,
    ToldRoom, UnsentInvite,
};
pub use read::{EventMeta, LocalMembers, MemberCounts, RoomInfo, StateChange, TimelineRange};
pub use recency::RecentRoom;
pub use sending::SendOptions;

/// What `rooms` is built from.
#[derive(Clone)]
pub struct RoomsParts {
    /// Where everything is kept.
    pub store: Store,
    /// Wakes those whom a commit concerns.
    pub notifier: Notifier,
    /// Short numbers.
    pub numbers: Numbers,
    /// The time.
    pub clock: Clock,
    /// Chance, for room ids.
    pub rng: Rng,
    /// Profiles, account data, ignored users.
    pub accounts: Accounts,
    /// This server.
    pub server_name: OwnedServerName,
    /// The key that signs our events.
    pub signing_key: Arc<Ed25519KeyPair>,
    /// Choices of the operator.
    pub settings: RoomsSettings,
}

/// Choices of the operator about rooms.
#[derive(Clone, Debug)]
pub struct RoomsSettings {
    /// The version of new rooms whose creator names none.
    pub default_version: RoomVersionId,
    /// Whether presence is kept and shown.
    pub presence_enabled: bool,
    /// Whether local users may publish rooms in the directory.
    pub publishing_allowed: bool,
    /// How long what redacted events said is kept for those who may redact, in ms; 0 for not at all (MSC2815).
    pub redacted_kept_ms: u64,
    /// Bytes of memory for decoded events and states.
    pub cache_bytes: u64,
}

impl Default for RoomsSettings {
    fn default() -> Self {
        Self {
            default_version: RoomVersionId::V12,
            presence_enabled: true,
            publishing_allowed: true,
            redacted_kept_ms: limits::REDACTED_KEPT_MS_DEFAULT,
            cache_bytes: limits::CACHE_BYTES_DEFAULT,
        }
    }
}

/// All rooms of this server. Cheap to clone.
#[derive(Clone)]
pub struct Rooms(Arc<RoomsInner>);

/// What a [`Rooms`] shares; reached only inside this crate.
pub struct RoomsInner {
    pub(crate) parts: RoomsParts,
    pub(crate) caches: read::Caches,
    pub(crate) snapshots: resolution::Snapshots,
    pub(crate) locks: append::RoomLocks,
    pub(crate) reading: reading::Reading,
    pub(crate) partial: partial::PartialRooms,
    pub(crate) policy_servers: policy_server::Asker,
}

impl std::ops::Deref for Rooms {
    type Target = RoomsInner;

    fn deref(&self) -> &RoomsInner {
        &self.0
    }
}

impl std::fmt::Debug for Rooms {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Rooms").field("server_name", &self.parts.server_name).finish_non_exhaustive()
    }
}

impl Rooms {
    /// Puts the parts together; reads and writes nothing.
    #[must_use]
    pub fn new(parts: RoomsParts) -> Self {
        Self(Arc::new(RoomsInner {
            caches: read::Caches::new(&parts.store, parts.settings.cache_bytes),
            snapshots: resolution::Snapshots::new(parts.settings.cache_bytes / 2),
            locks: append::RoomLocks::new(limits::ROOM_CACHE_ENTRIES),
            reading: reading::Reading::new(&parts),
            partial: partial::PartialRooms::new(),
            policy_servers: policy_server::Asker::default(),
            parts,
        }))
    }

    /// The name of this server.
    #[must_use]
    pub fn server_name(&self) -> &ruma::ServerName {
        &self.parts.server_name
    }

    /// Whether a user has their home here.
    #[must_use]
    pub fn is_local(&self, user: &UserId) -> bool {
        user.server_name() == self.parts.server_name
    }

    /// The store, for a snapshot to read from.
    #[must_use]
    pub fn store(&self) -> &Store {
        &self.parts.store
    }
}

/// Every table of this crate, for the store's catalogue.
#[must_use]
pub fn tables() -> Vec<store::TableInfo> {
    let mut all = tables::tables();
    all.extend(reading_tables::tables());
    all.extend(administration::tables());
    all.extend(resolution::tables());
    all.extend(partial::tables());
    all
}
