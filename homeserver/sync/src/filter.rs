//! A client's filter, compiled once and kept by content.
//!
//! Owns which rooms, events and account data pass. See
//! <https://spec.matrix.org/v1.19/client-server-api/#filtering>.

use std::{
    collections::HashSet,
    hash::{DefaultHasher, Hash as _, Hasher as _},
};

use rooms::filter::EventFilter;
use ruma::{
    OwnedRoomId, RoomId, UserId,
    api::client::filter::{EventFormat, Filter, FilterDefinition, LazyLoadOptions, RoomEventFilter},
};

use crate::{
    fields::EventFields,
    limits::{TIMELINE_LIMIT_DEFAULT, TIMELINE_LIMIT_MAX},
};

/// Which rooms pass.
#[derive(Clone, Debug, Default)]
pub(crate) struct RoomSet {
    only: Option<HashSet<OwnedRoomId>>,
    not: HashSet<OwnedRoomId>,
}

impl RoomSet {
    fn new(only: Option<&Vec<OwnedRoomId>>, not: &[OwnedRoomId]) -> Self {
        Self { only: only.map(|only| only.iter().cloned().collect()), not: not.iter().cloned().collect() }
    }

    /// Whether a room passes; `not` beats `only`.
    pub fn holds(&self, room: &RoomId) -> bool {
        !self.not.contains(room) && self.only.as_ref().is_none_or(|only| only.contains(room))
    }
}

/// What passes of one section of a room.
#[derive(Clone, Debug, Default)]
pub(crate) struct Section {
    /// In which rooms the section is wanted at all.
    pub rooms: RoomSet,
    /// Which events.
    pub events: EventFilter,
}

impl Section {
    fn new(filter: &RoomEventFilter) -> Self {
        Self {
            rooms: RoomSet::new(filter.rooms.as_ref(), &filter.not_rooms),
            events: EventFilter::new(filter),
        }
    }
}

/// How member events are sent.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Members {
    /// All of them, as any other state.
    All,
    /// Those of the senders in the timeline that the client has not got yet.
    Lazy,
    /// Those of the senders in the timeline, every time.
    LazyRedundant,
}

/// A filter ready for use.
#[derive(Clone, Debug)]
pub(crate) struct CompiledFilter {
    /// Stands for the content, to tell one filter from another.
    pub digest: u64,
    /// Only these fields of each event; none means all.
    pub fields: Option<EventFields>,
    /// Events as servers see them.
    pub federation_format: bool,
    /// Which rooms.
    pub rooms: RoomSet,
    /// Whether rooms that were left long ago are wanted.
    pub include_leave: bool,
    /// Timeline events.
    pub timeline: Section,
    /// Most timeline events of a room.
    pub timeline_limit: usize,
    /// Whether unread counts are split by thread.
    pub thread_counts: bool,
    /// State events.
    pub state: Section,
    /// Member events among the state.
    pub members: Members,
    /// Typing and receipts.
    pub ephemeral: Section,
    /// Account data of rooms.
    pub room_account_data: Section,
    /// Global account data.
    pub account_data: EventFilter,
    /// Presence.
    pub presence: EventFilter,
}

impl Default for CompiledFilter {
    fn default() -> Self {
        Self::new(&FilterDefinition::default())
    }
}

impl CompiledFilter {
    /// Compiles what the client wrote.
    pub fn new(definition: &FilterDefinition) -> Self {
        let room = &definition.room;
        let limit = room.timeline.limit.and_then(|limit| usize::try_from(u64::from(limit)).ok());
        Self {
            digest: digest(definition),
            fields: definition.event_fields.as_deref().map(EventFields::new),
            federation_format: definition.event_format == EventFormat::Federation,
            rooms: RoomSet::new(room.rooms.as_ref(), &room.not_rooms),
            include_leave: room.include_leave,
            timeline: Section::new(&room.timeline),
            timeline_limit: limit.unwrap_or(TIMELINE_LIMIT_DEFAULT).min(TIMELINE_LIMIT_MAX),
            thread_counts: room.timeline.unread_thread_notifications,
            state: Section::new(&room.state),
            members: members(room.state.lazy_load_options),
            ephemeral: Section::new(&room.ephemeral),
            room_account_data: Section::new(&room.account_data),
            account_data: global(&definition.account_data),
            presence: global(&definition.presence),
        }
    }

    /// Whether a kind of account data or ephemeral event passes. They have no sender but the user themselves.
    pub fn passes(filter: &EventFilter, kind: &str, user: &UserId) -> bool {
        filter.passes_all() || filter.matches_kind_sender(kind, user)
    }
}

fn members(options: LazyLoadOptions) -> Members {
    match options {
        LazyLoadOptions::Disabled => Members::All,
        LazyLoadOptions::Enabled { include_redundant_members: false } => Members::Lazy,
        LazyLoadOptions::Enabled { include_redundant_members: true } => Members::LazyRedundant,
    }
}

fn global(filter: &Filter) -> EventFilter {
    let mut room_filter = RoomEventFilter::default();
    room_filter.not_types.clone_from(&filter.not_types);
    room_filter.not_senders.clone_from(&filter.not_senders);
    room_filter.types.clone_from(&filter.types);
    room_filter.senders.clone_from(&filter.senders);
    EventFilter::new(&room_filter)
}

fn digest(definition: &FilterDefinition) -> u64 {
    let mut hasher = DefaultHasher::new();
    serde_json::to_vec(definition).unwrap_or_default().hash(&mut hasher);
    hasher.finish()
}

#[cfg(test)]
mod tests {
    use ruma::room_id;
    use serde_json::json;

    use super::*;

    fn compiled(json: serde_json::Value) -> CompiledFilter {
        CompiledFilter::new(&serde_json::from_value(json).expect("a filter"))
    }

    #[test]
    fn an_empty_filter_lets_everything_pass() {
        let filter = compiled(json!({}));
        assert!(filter.rooms.holds(room_id!("!a:b")));
        assert_eq!(filter.timeline_limit, TIMELINE_LIMIT_DEFAULT);
        assert_eq!(filter.members, Members::All);
        assert!(!filter.include_leave && !filter.federation_format && !filter.thread_counts);
        assert!(filter.timeline.events.passes_all());
    }

    #[test]
    fn a_room_that_is_excluded_stays_out_even_when_it_is_named() {
        let filter = compiled(json!({"room": {"rooms": ["!a:b", "!c:d"], "not_rooms": ["!a:b"]}}));
        assert!(!filter.rooms.holds(room_id!("!a:b")));
        assert!(filter.rooms.holds(room_id!("!c:d")));
        assert!(!filter.rooms.holds(room_id!("!e:f")));
    }

    #[test]
    fn limits_are_bounded_and_lazy_loading_is_read_from_the_state_section() {
        let filter = compiled(json!({"room": {
            "timeline": {"limit": 9_000_000, "unread_thread_notifications": true},
            "state": {"lazy_load_members": true, "include_redundant_members": true},
        }}));
        assert_eq!(filter.timeline_limit, TIMELINE_LIMIT_MAX);
        assert_eq!(filter.members, Members::LazyRedundant);
        assert!(filter.thread_counts);
    }

    #[test]
    fn different_filters_have_different_digests() {
        let one = compiled(json!({"room": {"timeline": {"limit": 1}}}));
        let two = compiled(json!({"room": {"timeline": {"limit": 2}}}));
        assert_ne!(one.digest, two.digest);
        assert_eq!(one.digest, compiled(json!({"room": {"timeline": {"limit": 1}}})).digest);
    }
}
