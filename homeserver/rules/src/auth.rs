//! The authorisation rules, by ruma, on the house's events.
//! <https://spec.matrix.org/v1.19/server-server-api/#authorization-rules>
//!
//! Two halves: [`check_references`] looks at the events that an event names as its authority and is asked once;
//! [`check`] holds the event against a state and is asked for each state that matters. Signatures, hashes and
//! the event format are checked before, elsewhere.

mod judged;
mod seen;

use model::{Pdu, RoomVersion, limits::EVENT_FIELD_BYTES_MAX};
use ruma::{
    EventId, UserId,
    events::{StateEventType, TimelineEventType},
    state_res,
};
use serde_json::value::RawValue;

pub use self::judged::Judged;
pub(crate) use self::seen::Seen;
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
/// nothing rejected, the create event present; and that type and state key are no longer than any server takes. `fetch`
/// answers for every event that the event names, and in version 12 for the create event.
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
        |id| fetch(id).filter(|found| found.pdu().room_id() == room || !found.pdu().room_id_is_implied()),
    )
    .map_err(Refusal)
}

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
            let assumed =
                || seen::assumed_join_rules().filter(|_| *kind == StateEventType::RoomJoinRules).cloned();
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
    check_references(version, event, |id| known().find(|found| found.pdu().event_id() == id).cloned())?;
    check(version, event, |kind, key| {
        known().find(|found| found.pdu().is_state_of(kind, key)).map(|found| found.pdu().clone())
    })
}

#[cfg(test)]
#[path = "auth_tests.rs"]
mod tests;
