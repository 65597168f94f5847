//! By what right: the state that authorises an event, and the event built on it.

use model::{EventNum, Pdu, RoomVersion, StateNum, limits::INTEGER_MAX};
use rules::{NewPdu, PowerLevels, build::BuildError, canonical::FormError};
use ruma::{EventId, OwnedEventId};
use serde::Deserialize;
use serde_json::value::to_raw_value;

use super::{Draft, NewEvent, Tip};
use crate::member::Membership;
use crate::read::StateKey;
use crate::{Rooms, RoomsError};

/// The state that decides about one event.
pub(super) struct Authority {
    /// The state that the event must name, by number.
    named: Vec<(EventNum, Pdu)>,
    /// The same and the create event, by state key.
    state: Vec<(StateKey, Pdu)>,
}

impl Authority {
    /// The events to name in `auth_events`.
    pub fn events(&self) -> impl Iterator<Item = &(EventNum, Pdu)> {
        self.named.iter()
    }

    /// Judges an event by the rules of its room version.
    pub fn check(&self, version: &RoomVersion, pdu: &Pdu) -> Result<(), RoomsError> {
        let find = |kind: &str, state_key: &str| {
            let entry = self.state.iter().find(|((a, b), _)| a == kind && b == state_key);
            entry.map(|(_, pdu)| pdu.clone())
        };
        rules::auth::check(version, pdu, find).map_err(|refusal| RoomsError::Forbidden(refusal.to_string()))
    }
}

/// Reads what decides about a new event from the state that the draft leaves, or from this one.
pub(super) async fn authority(
    draft: &Draft,
    new: &NewEvent,
    state: Option<StateNum>,
) -> Result<Authority, RoomsError> {
    let version = draft.version();
    let content = to_raw_value(&new.content).map_err(|error| RoomsError::BadJson(error.to_string()))?;
    let wanted = rules::auth::auth_types_for_event(
        version,
        &new.kind,
        &new.sender,
        new.state_key.as_deref(),
        &content,
    )
    .map_err(|refusal| RoomsError::Forbidden(refusal.to_string()))?;
    let mut authority = Authority { named: Vec::with_capacity(wanted.len()), state: Vec::new() };
    for (kind, state_key) in wanted {
        let kind = kind.to_string();
        if let Some((event, pdu)) = entry(draft, state, &kind, &state_key).await? {
            authority.named.push((event, pdu.clone()));
            authority.state.push(((kind, state_key), pdu));
        }
    }
    let has_create = authority.state.iter().any(|((kind, _), _)| kind == "m.room.create");
    if !has_create && let Some((_, create)) = entry(draft, state, "m.room.create", "").await? {
        authority.state.push((("m.room.create".to_owned(), String::new()), create));
    }
    Ok(authority)
}

/// An entry of the state that the draft leaves, or of this one.
async fn entry(
    draft: &Draft,
    state: Option<StateNum>,
    kind: &str,
    state_key: &str,
) -> Result<Option<(EventNum, Pdu)>, RoomsError> {
    let Some(state) = state else { return draft.state(kind, state_key).await };
    let store = &draft.rooms.parts.store;
    match draft.rooms.state_num_at(store, state, kind, state_key).await? {
        Some(event) => Ok(Some((event, draft.rooms.pdu(store, event).await?))),
        None => Ok(None),
    }
}

/// Builds, hashes and signs an event on the tip of a draft.
pub(super) async fn build(draft: &Draft, new: &NewEvent, authority: &Authority) -> Result<Pdu, RoomsError> {
    let parts = &draft.rooms.parts;
    let version = draft.version();
    let content = to_raw_value(&new.content).map_err(|error| RoomsError::BadJson(error.to_string()))?;
    let auth_events: Vec<OwnedEventId> =
        authority.events().map(|(_, pdu)| pdu.event_id().to_owned()).collect();
    let prev_events = parents(&draft.tip);
    let chosen = if version.sender_chooses_event_id() { Some(chosen_event_id(&draft.rooms)?) } else { None };
    let is_unnamed_create =
        new.kind == "m.room.create" && draft.is_new_room() && version.room_id_is_create_hash();
    let new_pdu = NewPdu {
        room_id: (!is_unnamed_create).then(|| &**draft.room_id()),
        sender: &new.sender,
        kind: &new.kind,
        state_key: new.state_key.as_deref(),
        content: &content,
        redacts: new.redacts.as_deref(),
        sticky_duration_ms: new.sticky_duration_ms,
        origin_server_ts: new.timestamp_ms.unwrap_or_else(|| parts.clock.now_ms()),
        // A peer may claim the greatest depth there is; what comes after it has the same.
        depth: draft.tip.depth.saturating_add(1).min(INTEGER_MAX as u64),
        prev_events: &prev_events,
        auth_events: &auth_events,
        chosen_event_id: chosen.as_deref(),
    };
    new_pdu.finish(version, &*parts.signing_key, &parts.server_name).map_err(|error| match error {
        BuildError::Form(FormError::TooLarge { what, bytes_max }) => {
            RoomsError::TooLarge(format!("{what} is larger than {bytes_max} bytes"))
        }
        BuildError::Form(error) => RoomsError::BadJson(error.to_string()),
        BuildError::Missing(_) | BuildError::Sign(_) | BuildError::ReadBack(_) => {
            RoomsError::Corrupt(format!("an event of our own: {error}"))
        }
    })
}

/// The ends of the graph that an event on this tip refers to.
pub(super) fn parents(tip: &Tip) -> Vec<OwnedEventId> {
    tip.ends_to_name().into_iter().map(|(_, event_id)| event_id).collect()
}

fn chosen_event_id(rooms: &Rooms) -> Result<OwnedEventId, RoomsError> {
    let random = rooms.parts.rng.string(crate::limits::ROOM_ID_CHARACTERS);
    EventId::parse(format!("${random}:{}", rooms.parts.server_name))
        .map_err(|error| RoomsError::Corrupt(format!("an event id of our own: {error}")))
}

/// The membership in a member event's content.
pub(crate) fn membership_of(pdu: &Pdu) -> Option<Membership> {
    #[derive(Deserialize)]
    struct Content<'a> {
        #[serde(borrow)]
        membership: std::borrow::Cow<'a, str>,
    }
    let content: Content<'_> = serde_json::from_slice(pdu.content_bytes()).ok()?;
    Membership::parse(&content.membership)
}

impl Draft {
    /// The levels as this draft leaves them.
    pub(super) async fn power_levels(&self) -> Result<PowerLevels, RoomsError> {
        let create = self.state("m.room.create", "").await?;
        let (_, create) = create.ok_or_else(|| RoomsError::missing("a create event"))?;
        let levels = self.state("m.room.power_levels", "").await?;
        Ok(PowerLevels::new(self.version(), &create, levels.as_ref().map(|(_, pdu)| pdu)))
    }
}

impl Rooms {
    /// The current power levels of a room.
    ///
    /// # Errors
    /// The store's own, and damage.
    pub async fn power_levels(&self, room: model::RoomNum) -> Result<PowerLevels, RoomsError> {
        let store = &self.parts.store;
        let version = self.room_version(store, room).await?;
        let create = self.current_state(store, room, "m.room.create", "").await?;
        let create = create.ok_or_else(|| RoomsError::missing("a create event"))?;
        let levels = self.current_state(store, room, "m.room.power_levels", "").await?;
        Ok(PowerLevels::new(version, &create, levels.as_ref()))
    }
}

/// The state after an event that would authorise a new one on top of it.
#[cfg(test)]
pub(super) async fn authority_at(rooms: &Rooms, draft: &Draft, new: &NewEvent, prev: &EventId) -> Authority {
    let store = &rooms.parts.store;
    let content = to_raw_value(&new.content).unwrap();
    let wanted = rules::auth::auth_types_for_event(
        draft.version(),
        &new.kind,
        &new.sender,
        new.state_key.as_deref(),
        &content,
    );
    let mut named = Vec::new();
    if let Some(prev) = rooms.event_num(store, prev).await.unwrap() {
        let state = rooms.state_after_event(store, prev).await.unwrap();
        for (kind, key) in wanted.unwrap() {
            if let Some(event) = rooms.state_num_at(store, state, &kind.to_string(), &key).await.unwrap() {
                named.push((event, rooms.pdu(store, event).await.unwrap()));
            }
        }
    }
    Authority { named, state: Vec::new() }
}
