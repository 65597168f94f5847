//! The authorisation rules, by ruma, on the house's events.
//! <https://spec.matrix.org/v1.19/server-server-api/#authorization-rules>
//!
//! Two halves: [`check_references`] looks at the events that an event names as its authority and is asked once;
//! [`check`] holds the event against a state and is asked for each state that matters. Signatures, hashes and
//! the event format are checked before, elsewhere.

use std::{fmt, ops::Deref, sync::LazyLock};

use bytes::Bytes;
use model::{Pdu, RoomVersion, limits::EVENT_FIELD_BYTES_MAX};
use ruma::{
    EventId, MilliSecondsSinceUnixEpoch, OwnedEventId, RoomId, UserId,
    events::{StateEventType, TimelineEventType},
    state_res::{self, Event},
};
use serde_json::value::RawValue;

use crate::owned_state;

/// The rule that refused an event, in words fit for logs and for the sender.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct Refusal(String);

impl Refusal {
    /// A refusal by a rule of this crate.
    pub(crate) fn new(reason: impl Into<String>) -> Self {
        Self(reason.into())
    }

    /// A room has one create event: any other is refused, whatever it says.
    #[must_use]
    pub fn second_create() -> Self {
        Self::new("the room has another create event")
    }

    /// What the rule said.
    #[must_use]
    pub fn reason(&self) -> &str {
        &self.0
    }
}

/// An event with the verdict that it got when it arrived; what ruma's algorithms work on.
#[derive(Clone)]
pub struct Judged {
    pdu: Pdu,
    rejected: bool,
}

impl Judged {
    /// An event that was accepted.
    #[must_use]
    pub fn accepted(pdu: Pdu) -> Self {
        Self { pdu, rejected: false }
    }

    /// An event with its verdict.
    #[must_use]
    pub fn new(pdu: Pdu, rejected: bool) -> Self {
        Self { pdu, rejected }
    }

    /// The event.
    #[must_use]
    pub fn pdu(&self) -> &Pdu {
        &self.pdu
    }

    /// Whether it was refused.
    #[must_use]
    pub fn is_rejected(&self) -> bool {
        self.rejected
    }
}

impl Deref for Judged {
    type Target = Pdu;

    fn deref(&self) -> &Pdu {
        &self.pdu
    }
}

impl fmt::Debug for Judged {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}{}", self.pdu, if self.rejected { " rejected" } else { "" })
    }
}

impl Event for Judged {
    type Id = OwnedEventId;

    fn event_id(&self) -> &OwnedEventId {
        self.pdu.owned_event_id()
    }

    fn room_id(&self) -> Option<&RoomId> {
        // Version 12: a create event that names a room is refused, so the implied one must stay out of sight.
        (!self.pdu.room_id_is_implied()).then(|| self.pdu.room_id())
    }

    fn sender(&self) -> &UserId {
        self.pdu.sender()
    }

    fn origin_server_ts(&self) -> MilliSecondsSinceUnixEpoch {
        self.pdu.origin_server_time()
    }

    fn event_type(&self) -> &TimelineEventType {
        self.pdu.event_type()
    }

    fn content(&self) -> &RawValue {
        self.pdu.content()
    }

    fn state_key(&self) -> Option<&str> {
        self.pdu.state_key()
    }

    fn prev_events(&self) -> Box<dyn DoubleEndedIterator<Item = &OwnedEventId> + '_> {
        Box::new(self.pdu.prev_events().iter())
    }

    fn auth_events(&self) -> Box<dyn DoubleEndedIterator<Item = &OwnedEventId> + '_> {
        Box::new(self.pdu.auth_events().iter())
    }

    fn redacts(&self) -> Option<&OwnedEventId> {
        self.pdu.top_level_redacts()
    }

    fn rejected(&self) -> bool {
        self.rejected
    }
}

/// Which state an event of these values must name in its `auth_events`, as far as the room has it.
/// <https://spec.matrix.org/v1.19/server-server-api/#auth-events-selection>
///
/// # Errors
/// When the content of a membership event cannot be read.
pub fn auth_types_for_event(
    version: &RoomVersion,
    kind: &str,
    sender: &UserId,
    state_key: Option<&str>,
    content: &RawValue,
) -> Result<Vec<(StateEventType, String)>, Refusal> {
    let kind = TimelineEventType::from(kind);
    state_res::auth_types_for_event(&kind, sender, state_key, content, version.authorization())
        .map_err(Refusal)
}

/// Checks what an event names as its authority: right room, nothing doubled, nothing foreign to the selection,
/// nothing rejected, the create event present; and that type and state key are no longer than any server takes. `fetch` answers for every event that the event names, and in
/// version 12 for the create event.
///
/// # Errors
/// The rule that refused. The event is to be rejected.
pub fn check_references(
    version: &RoomVersion,
    event: &Pdu,
    fetch: impl Fn(&EventId) -> Option<Judged>,
) -> Result<(), Refusal> {
    let longest = event.kind().len().max(event.state_key().map_or(0, str::len));
    if longest > EVENT_FIELD_BYTES_MAX {
        // Its form is right in a version that counts code points; no server lets it into the state.
        return Err(Refusal::new("its type or state key has too many bytes"));
    }
    let room = event.room_id();
    // ruma compares with the room id that events name themselves; a version 12 create event names none, but is
    // never among the references of others either.
    state_res::check_state_independent_auth_rules(
        version.authorization(),
        Judged::accepted(event.clone()),
        |id| fetch(id).filter(|found| found.pdu.room_id() == room || !found.pdu.room_id_is_implied()),
    )
    .map_err(Refusal)
}

/// What stands in for the join rules of a room that has none, after a reset for instance: one comes in by an invite. The
/// text of the specification is silent, and servers that did not agree here would part over who is in the room.
static ASSUMED_JOIN_RULES: LazyLock<Option<Pdu>> = LazyLock::new(|| {
    let event_id = EventId::parse("$assumed-join-rules:invalid").ok()?;
    let json = br#"{"auth_events":[],"content":{"join_rule":"invite"},"depth":0,"origin_server_ts":0,"prev_events":[],"room_id":"!assumed:invalid","sender":"@assumed:invalid","state_key":"","type":"m.room.join_rules"}"#;
    Pdu::parse(event_id, Bytes::from_static(json)).ok()
});

/// Holds an event against a state: may its sender do this? `state` answers for a type and a key.
///
/// # Errors
/// The rule that refused.
pub fn check(
    version: &RoomVersion,
    event: &Pdu,
    state: impl Fn(&str, &str) -> Option<Pdu>,
) -> Result<(), Refusal> {
    let as_own = owned_state::is_allowed(version, event, &state);
    let judged = Judged::accepted(event.clone());
    let seen = if as_own {
        Seen::with_state_key(judged, event.sender().to_string())
    } else {
        Seen::as_it_is(judged)
    };
    let found = |pdu: Pdu| Seen::as_it_is(Judged::accepted(pdu));
    state_res::check_state_dependent_auth_rules(
        version.authorization(),
        seen,
        |kind: &StateEventType, state_key: &str| {
            let assumed = || ASSUMED_JOIN_RULES.clone().filter(|_| *kind == StateEventType::RoomJoinRules);
            state(&kind.to_string(), state_key).or_else(assumed).map(found)
        },
    )
    .map_err(Refusal)
}

/// Judges an event by nothing but what it names as its authority: for events of the auth graph that come without the
/// state around them. `create` is the room's create event, which version 12 never names.
///
/// # Errors
/// The rule that refused.
pub fn check_alone(
    version: &RoomVersion,
    event: &Pdu,
    create: Option<&Pdu>,
    authority: &[Judged],
) -> Result<(), Refusal> {
    let create = create.filter(|create| create.event_id() != event.event_id());
    let implied = create.map(|create| Judged::accepted(create.clone()));
    let known = || authority.iter().chain(&implied);
    check_references(version, event, |id| known().find(|found| found.pdu.event_id() == id).cloned())?;
    check(version, event, |kind, key| {
        known().find(|found| found.pdu.is_state_of(kind, key)).map(|found| found.pdu.clone())
    })
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
        let assumed = ASSUMED_JOIN_RULES.as_ref().filter(|assumed| assumed.event_id() == event_id)?;
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
        let assumed = ASSUMED_JOIN_RULES.as_ref().map(Pdu::owned_event_id);
        Box::new(assumed.into_iter().chain(self.event.pdu.auth_events()))
    }

    fn redacts(&self) -> Option<&OwnedEventId> {
        Event::redacts(&self.event)
    }

    fn rejected(&self) -> bool {
        self.event.rejected
    }
}

#[cfg(test)]
#[path = "auth_tests.rs"]
mod tests;
