//! A room as another server describes it to somebody who joins: what of it may be believed.
//!
//! The events come in any order, from one peer, and any of them may be forged; form, hash and signatures were
//! checked before. What has no complete auth chain is left out, and so is what stands on it; what the auth rules
//! refuse stays known as rejected and is in no state. A room without a usable create event, with two events for
//! one state key, or one into which the own membership event does not fit, is refused as a whole.
//! <https://spec.matrix.org/v1.19/server-server-api/#joining-rooms>

use std::collections::{HashMap, HashSet, VecDeque};

use model::{Pdu, RoomVersion};
use ruma::{EventId, OwnedEventId, RoomId};
use serde::Deserialize;

use crate::auth::{self, Judged, Refusal};
use crate::limits::IMPORT_EVENTS_MAX;

/// What a peer returned.
#[derive(Clone, Copy, Debug)]
pub struct Described<'a> {
    /// The room that was asked for.
    pub room_id: &'a RoomId,
    /// The version that it is said to have.
    pub version: &'a RoomVersion,
    /// The state before the own membership event.
    pub state: &'a [Pdu],
    /// Everything behind that state.
    pub auth_chain: &'a [Pdu],
}

/// What of it may be used.
#[derive(Clone, Debug, Default)]
pub struct Believed {
    /// Each usable event with its verdict; what an event names as its authority comes before it.
    pub events: Vec<Judged>,
    /// The entries of the state, none of them rejected.
    pub state: Vec<Pdu>,
    /// How many events were left out because something behind them is missing.
    pub dropped: usize,
}

/// Judges every event by what it names as its authority.
///
/// # Errors
/// The reason for which the room as a whole is refused.
pub fn judge(room: Described<'_>) -> Result<Believed, Refusal> {
    if room.state.len() + room.auth_chain.len() > IMPORT_EVENTS_MAX {
        return Err(Refusal::new("the room has more state than this server takes in"));
    }
    let create = the_create_event(room)?;
    let mut keys = HashSet::with_capacity(room.state.len());
    for pdu in room.state {
        if !keys.insert((pdu.kind(), pdu.state_key())) {
            return Err(Refusal::new(format!(
                "the state has two events for {} {:?}",
                pdu.kind(),
                pdu.state_key()
            )));
        }
    }
    let events: HashMap<&EventId, &Pdu> = room
        .state
        .iter()
        .chain(room.auth_chain)
        .filter(|pdu| pdu.is_state() && pdu.room_id() == room.room_id)
        .map(|pdu| (pdu.event_id(), pdu))
        .collect();
    let order = in_order(create, &events);
    let mut judged: HashMap<&EventId, Judged> = HashMap::with_capacity(order.len());
    let mut believed = Believed { dropped: events.len() - order.len(), ..Believed::default() };
    for pdu in order {
        let authority: Vec<Judged> =
            pdu.auth_events().iter().filter_map(|id| judged.get(&**id).cloned()).collect();
        let refusal = auth::check_alone(room.version, pdu, Some(create), &authority).err();
        if pdu.event_id() == create.event_id()
            && let Some(refusal) = refusal
        {
            return Err(refusal);
        }
        let verdict = Judged::new(pdu.clone(), refusal.is_some());
        believed.events.push(verdict.clone());
        judged.insert(pdu.event_id(), verdict);
    }
    let usable = |pdu: &&Pdu| judged.get(pdu.event_id()).is_some_and(|found| !found.is_rejected());
    believed.state = room.state.iter().filter(usable).cloned().collect();
    Ok(believed)
}

/// Whether an event that stands on a described room (the own join) is allowed there. Of a state that `lacks_members`
/// (MSC3706) those stand in that the event names as its authority.
///
/// # Errors
/// The rule that refuses it.
pub fn check_on_top(
    version: &RoomVersion,
    believed: &Believed,
    event: &Pdu,
    lacks_members: bool,
) -> Result<(), Refusal> {
    let judged: HashMap<&EventId, &Judged> =
        believed.events.iter().map(|event| (event.pdu().event_id(), event)).collect();
    let state: HashMap<(&str, &str), &Pdu> =
        believed.state.iter().filter_map(|pdu| Some(((pdu.kind(), pdu.state_key()?), pdu))).collect();
    auth::check_references(version, event, |id| judged.get(id).map(|found| (*found).clone()))?;
    let named = || event.auth_events().iter().filter_map(|id| judged.get(&**id));
    let stand_in = |kind: &str, key: &str| {
        let is_it = |found: &&&Judged| {
            !found.is_rejected() && kind == "m.room.member" && found.pdu().is_state_of(kind, key)
        };
        named().find(is_it).filter(|_| lacks_members).map(|found| found.pdu().clone())
    };
    auth::check(version, event, |kind, key| {
        state.get(&(kind, key)).map(|pdu| (*pdu).clone()).or_else(|| stand_in(kind, key))
    })
}

/// The one create event, which must be in the state and of the version that was said.
fn the_create_event<'a>(room: Described<'a>) -> Result<&'a Pdu, Refusal> {
    #[derive(Deserialize)]
    struct Content {
        #[serde(default)]
        room_version: Option<String>,
    }
    let is_create = |pdu: &&Pdu| pdu.kind() == "m.room.create";
    let create = room.state.iter().find(|pdu| pdu.is_state_of("m.room.create", ""));
    let create = create.ok_or_else(|| Refusal::new("the state has no create event"))?;
    let all = room.state.iter().chain(room.auth_chain);
    if all.filter(is_create).any(|pdu| pdu.event_id() != create.event_id()) {
        return Err(Refusal::new("the room has two create events"));
    }
    if create.room_id() != room.room_id {
        return Err(Refusal::new("the create event is that of another room"));
    }
    let content = create.content_as::<Content>().map_err(|error| Refusal::new(error.to_string()))?;
    if content.room_version.as_deref().unwrap_or("1") != room.version.id().as_str() {
        return Err(Refusal::new("the create event has another room version than was said"));
    }
    Ok(create)
}

/// Events with a complete auth chain, parents first. What is part of a ring or stands on something missing never
/// gets all of its parents, and stays out.
fn in_order<'a>(create: &'a Pdu, events: &HashMap<&'a EventId, &'a Pdu>) -> Vec<&'a Pdu> {
    let mut waiting: HashMap<&EventId, usize> = HashMap::with_capacity(events.len());
    let mut children: HashMap<&EventId, Vec<&'a Pdu>> = HashMap::with_capacity(events.len());
    // The create event stands below all, also in version 12, where nobody names it.
    let mut ready: VecDeque<&'a Pdu> = VecDeque::from([create]);
    let mut rootless: Vec<&'a Pdu> = Vec::new();
    for pdu in events.values() {
        if pdu.event_id() == create.event_id() {
            continue;
        }
        let parents: HashSet<&OwnedEventId> = pdu.auth_events().iter().collect();
        waiting.insert(pdu.event_id(), parents.len());
        if parents.is_empty() {
            rootless.push(pdu);
        }
        for parent in parents {
            children.entry(parent).or_default().push(pdu);
        }
    }
    ready.extend(rootless);
    let mut order = Vec::with_capacity(events.len());
    while let Some(pdu) = ready.pop_front() {
        order.push(pdu);
        for child in children.remove(pdu.event_id()).into_iter().flatten() {
            if let Some(count) = waiting.get_mut(child.event_id()) {
                *count -= 1;
                if *count == 0 {
                    ready.push_back(child);
                }
            }
        }
    }
    order
}

#[cfg(test)]
#[path = "room_import_tests.rs"]
mod tests;
