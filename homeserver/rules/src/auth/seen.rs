//! Events as ruma's rules are shown them, where the house knows something that those do not say.

use std::sync::LazyLock;

use bytes::Bytes;
use model::Pdu;
use ruma::{
    EventId, MilliSecondsSinceUnixEpoch, OwnedEventId, RoomId, UserId, events::TimelineEventType,
    state_res::Event,
};
use serde_json::value::RawValue;

use super::Judged;

/// What stands in for the join rules of a room that has none, after a reset for instance: one comes in by an invite. The
/// text of the specification is silent, and servers that did not agree here would part over who is in the room.
static ASSUMED_JOIN_RULES: LazyLock<Option<Pdu>> = LazyLock::new(|| {
    let event_id = EventId::parse("$assumed-join-rules:invalid").ok()?;
    let json = br#"{"auth_events":[],"content":{"join_rule":"invite"},"depth":0,"origin_server_ts":0,"prev_events":[],"room_id":"!assumed:invalid","sender":"@assumed:invalid","state_key":"","type":"m.room.join_rules"}"#;
    Pdu::parse(event_id, Bytes::from_static(json)).ok()
});

/// The join rules that are assumed in a room that has none.
pub(super) fn assumed_join_rules() -> Option<&'static Pdu> {
    ASSUMED_JOIN_RULES.as_ref()
}

/// An event as the ordinary rules are to see it: under another state key where its sender may speak for the key's
/// owner (MSC3757), and with the join rules among its authority that are assumed where there are no others.
#[derive(Clone, Debug)]
pub(crate) struct Seen {
    event: Judged,
    state_key: Option<String>,
}

impl Seen {
    pub fn as_it_is(event: Judged) -> Self {
        Self { event, state_key: None }
    }

    pub fn with_state_key(event: Judged, state_key: String) -> Self {
        Self { event, state_key: Some(state_key) }
    }

    /// The join rules that are assumed, if this is their id.
    pub fn assumed(event_id: &EventId) -> Option<Self> {
        let assumed = assumed_join_rules().filter(|assumed| assumed.event_id() == event_id)?;
        Some(Self::as_it_is(Judged::accepted(assumed.clone())))
    }
}

impl Event for Seen {
    type Id = OwnedEventId;

    fn event_id(&self) -> &OwnedEventId {
        Event::event_id(&self.event)
    }

    fn room_id(&self) -> Option<&RoomId> {
        Event::room_id(&self.event)
    }

    fn sender(&self) -> &UserId {
        Event::sender(&self.event)
    }

    fn origin_server_ts(&self) -> MilliSecondsSinceUnixEpoch {
        Event::origin_server_ts(&self.event)
    }

    fn event_type(&self) -> &TimelineEventType {
        Event::event_type(&self.event)
    }

    fn content(&self) -> &RawValue {
        Event::content(&self.event)
    }

    fn state_key(&self) -> Option<&str> {
        self.state_key.as_deref().or_else(|| Event::state_key(&self.event))
    }

    fn prev_events(&self) -> Box<dyn DoubleEndedIterator<Item = &OwnedEventId> + '_> {
        Event::prev_events(&self.event)
    }

    fn auth_events(&self) -> Box<dyn DoubleEndedIterator<Item = &OwnedEventId> + '_> {
        // First, so that whatever the event itself names comes before it.
        let assumed = assumed_join_rules().map(Pdu::owned_event_id);
        Box::new(assumed.into_iter().chain(self.event.pdu().auth_events()))
    }

    fn redacts(&self) -> Option<&OwnedEventId> {
        Event::redacts(&self.event)
    }

    fn rejected(&self) -> bool {
        self.event.is_rejected()
    }
}
