//! What a client asks of sliding sync, the same for both dialects.
//!
//! The front ends translate their JSON into these types; bounds are checked here, once for both. Nothing in a request
//! is remembered for the next one: every request says everything it wants.

use std::{collections::BTreeMap, sync::Arc};

use ruma::{OwnedDeviceId, OwnedRoomId, OwnedUserId, presence::PresenceState};

use super::{limits, rules::StateRules};
use crate::SyncError;

/// In which words the answer is written.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Dialect {
    /// `org.matrix.simplified_msc3575`, which clients of today speak.
    Unstable,
    /// `/v4/sync` as MSC4186 was accepted.
    Stable,
}

/// One request.
#[derive(Clone, Debug)]
pub struct SlidingRequest {
    /// Who asks.
    pub user: OwnedUserId,
    /// From which device; a session without one has no to-device messages and no keys.
    pub device: Option<OwnedDeviceId>,
    /// How to answer.
    pub dialect: Dialect,
    /// Which of the device's connections; empty when the client has only one.
    pub conn_id: String,
    /// The position of the answer before this one.
    pub pos: Option<String>,
    /// To be echoed.
    pub txn_id: Option<String>,
    /// How long to wait for news, in milliseconds.
    pub timeout_ms: u64,
    /// What the sync says about the user.
    pub set_presence: PresenceState,
    /// Windows into the user's rooms, by name.
    pub lists: BTreeMap<String, ListRequest>,
    /// Rooms that are wanted wherever they stand.
    pub subscriptions: BTreeMap<OwnedRoomId, RoomConfig>,
    /// What is wanted beside rooms.
    pub extensions: ExtensionRequests,
}

/// A window into the user's rooms, the most lately active first.
#[derive(Clone, Debug, Default)]
pub struct ListRequest {
    /// Stretches of the filtered list, both ends included, from 0; none for all of it.
    pub ranges: Option<Vec<(u64, u64)>>,
    /// Which rooms are counted.
    pub filters: RoomFilters,
    /// What is told of each.
    pub config: RoomConfig,
}

/// What is told of a room.
#[derive(Clone, Debug, Default)]
pub struct RoomConfig {
    /// Most timeline events.
    pub timeline_limit: u64,
    /// Which state.
    pub required_state: Arc<StateRules>,
}

/// Which rooms a list holds: those that pass every condition that is given.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RoomFilters {
    /// Whether the room is a direct chat.
    pub is_dm: Option<bool>,
    /// Whether it is encrypted.
    pub is_encrypted: Option<bool>,
    /// Whether the user is invited to it.
    pub is_invited: Option<bool>,
    /// Only rooms of these types; none stands for rooms without type.
    pub room_types: Option<Vec<Option<String>>>,
    /// No rooms of these types; beats `room_types`.
    pub not_room_types: Vec<Option<String>>,
    /// Only children of one of these spaces.
    pub spaces: Option<Vec<String>>,
    /// Only rooms with one of these tags.
    pub tags: Option<Vec<String>>,
    /// No rooms with one of these tags; beats `tags`.
    pub not_tags: Vec<String>,
    /// Only rooms whose name holds this text, in whatever case.
    pub room_name_like: Option<String>,
}

/// Extensions that are switched on.
#[derive(Clone, Debug, Default)]
pub struct ExtensionRequests {
    /// Messages to the device (MSC3885).
    pub to_device: Option<ToDeviceRequest>,
    /// Device lists and key counts (MSC3884).
    pub e2ee: bool,
    /// Account data (MSC3959).
    pub account_data: Option<ExtensionScope>,
    /// Receipts (MSC3960).
    pub receipts: Option<ExtensionScope>,
    /// Typing (MSC3961).
    pub typing: Option<ExtensionScope>,
    /// Thread subscriptions (MSC4308): most changes in one answer.
    pub thread_subscriptions: Option<u64>,
    /// Sticky events (MSC4354, MSC4480).
    pub sticky_events: Option<StickyRequest>,
    /// Profiles (MSC4262).
    pub profiles: Option<ProfilesRequest>,
}

/// What is asked of the sticky-events extension.
#[derive(Clone, Debug, Default)]
pub struct StickyRequest {
    /// Most events.
    pub limit: Option<u64>,
    /// `next_batch` of the events that have arrived.
    pub since: Option<String>,
}

/// What is asked of the profiles extension.
#[derive(Clone, Debug, Default)]
pub struct ProfilesRequest {
    /// Which fields; none for all of them.
    pub fields: Option<Vec<String>>,
    /// In which rooms whole profiles are told.
    pub scope: ExtensionScope,
}

/// What is asked of the to-device extension.
#[derive(Clone, Debug, Default)]
pub struct ToDeviceRequest {
    /// Most messages.
    pub limit: Option<u64>,
    /// `next_batch` of the messages that have arrived.
    pub since: Option<String>,
}

/// In which rooms an extension speaks. `*` among the names stands for all of them.
#[derive(Clone, Debug, Default)]
pub struct ExtensionScope {
    /// Names of lists; none for all lists.
    pub lists: Option<Vec<String>>,
    /// Subscribed rooms; none for all subscriptions.
    pub rooms: Option<Vec<String>>,
}

impl SlidingRequest {
    /// Refuses what no honest client asks for.
    pub(crate) fn check(&self) -> Result<(), SyncError> {
        let refuse = |text: &str| Err(SyncError::Request(text.to_owned()));
        if self.lists.len() > limits::LISTS_MAX {
            return refuse("There are more than 100 lists");
        }
        if self.subscriptions.len() > limits::SUBSCRIPTIONS_MAX {
            return refuse("There are more than 100 room subscriptions");
        }
        if self.conn_id.len() > limits::CONNECTION_ID_BYTES_MAX {
            return refuse("conn_id is longer than 255 bytes");
        }
        if self.lists.keys().any(|name| name.len() > limits::LIST_NAME_BYTES_MAX) {
            return refuse("The name of a list is longer than 255 bytes");
        }
        for list in self.lists.values() {
            let ranges = list.ranges.as_deref().unwrap_or_default();
            if ranges.len() > limits::RANGES_MAX {
                return refuse("A list has more than 100 ranges");
            }
            if ranges.iter().any(|(start, end)| start > end) {
                return refuse("A range ends before it starts");
            }
            if list.filters.words() > limits::FILTER_WORDS_MAX {
                return refuse("A filter names more than 1000 rooms, tags or types");
            }
        }
        let fields = self.extensions.profiles.as_ref().and_then(|profiles| profiles.fields.as_ref());
        if fields.is_some_and(|fields| fields.len() > limits::PROFILE_FIELDS_MAX) {
            return refuse("The extension for profiles names more than 100 fields");
        }
        let configs = self.lists.values().map(|list| &list.config).chain(self.subscriptions.values());
        if configs.map(|config| config.required_state.length()).any(|length| length > limits::RULES_MAX) {
            return refuse("required_state has more than 1000 entries");
        }
        Ok(())
    }
}

impl RoomFilters {
    fn words(&self) -> usize {
        let types = self.room_types.as_ref().map_or(0, Vec::len) + self.not_room_types.len();
        let tags = self.tags.as_ref().map_or(0, Vec::len) + self.not_tags.len();
        types + tags + self.spaces.as_ref().map_or(0, Vec::len)
    }
}
