//! State resolution, read off the specification's text: whole states, whole auth chains, no short cuts.
//! <https://spec.matrix.org/v1.19/rooms/v1/#state-resolution>,
//! <https://spec.matrix.org/v1.19/rooms/v2/#state-resolution>,
//! <https://spec.matrix.org/v1.19/rooms/v12/#state-resolution>

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

use sha1::{Digest as _, Sha1};

use super::auth;
use super::event::{Event, Key, Room, State};

pub(crate) fn resolve(room: &Room, states: &[State]) -> State {
    if room.version == 1 { first_version(room, states) } else { second_version(room, states) }
}

/// Version 1.
fn first_version(room: &Room, states: &[State]) -> State {
    let mut choices: BTreeMap<Key, BTreeSet<String>> = BTreeMap::new();
    for (key, id) in states.iter().flatten() {
        choices.entry(key.clone()).or_default().insert(id.clone());
    }
    let (conflicts, agreed): (BTreeMap<_, _>, BTreeMap<_, _>) =
        choices.into_iter().partition(|(_, ids)| ids.len() > 1);
    let mut resolved: State =
        agreed.into_iter().filter_map(|(key, ids)| Some((key, ids.into_iter().next()?))).collect();
    for kind in ["m.room.power_levels", "m.room.join_rules", "m.room.member"] {
        let mut decided = State::new();
        for (key, ids) in conflicts.iter().filter(|(key, _)| key.0 == kind) {
            let ordered = by_depth(room, ids);
            let mut standing = ordered[0];
            for event in &ordered[1..] {
                let mut so_far = resolved.clone();
                so_far.insert(key.clone(), standing.id.clone());
                if auth::allows(room.version, event, &look_up(room, &so_far)).is_err() {
                    break;
                }
                standing = event;
            }
            decided.insert(key.clone(), standing.id.clone());
        }
        resolved.extend(decided);
    }
    for (key, ids) in &conflicts {
        if resolved.contains_key(key) {
            continue;
        }
        let ordered = by_depth(room, ids);
        let allowed = |event: &&&Event| auth::allows(room.version, event, &look_up(room, &resolved)).is_ok();
        let chosen = ordered.iter().rev().find(allowed).unwrap_or(&ordered[0]);
        let id = chosen.id.clone();
        resolved.insert(key.clone(), id);
    }
    resolved
}

/// Ascending depth, then descending SHA-1 of the id.
fn by_depth<'a>(room: &'a Room, ids: &BTreeSet<String>) -> Vec<&'a Event> {
    let mut events: Vec<&Event> = ids.iter().map(|id| room.event(id)).collect();
    events.sort_by_key(|event| (event.depth(), Reverse(Sha1::digest(event.id.as_bytes()).to_vec())));
    events
}

fn look_up<'a>(room: &'a Room, state: &'a State) -> impl Fn(&str, &str) -> Option<&'a Event> {
    move |kind, key| state.get(&(kind.to_owned(), key.to_owned())).map(|id| room.event(id))
}

/// Versions 2 and, for rooms of version 12, 2.1.
fn second_version(room: &Room, states: &[State]) -> State {
    let (unconflicted, conflicted) = split(states);
    if conflicted.is_empty() {
        return unconflicted;
    }
    let mut full = conflicted.clone();
    full.extend(auth_difference(room, states));
    if room.version >= 12 {
        full.extend(subgraph(room, &conflicted));
    }
    let mut first: BTreeSet<String> = BTreeSet::new();
    for id in full.iter().filter(|id| is_power_event(room.event(id))) {
        first.extend(room.with_ancestors([id]).intersection(&full).cloned());
    }
    let start = if room.version >= 12 { State::new() } else { unconflicted.clone() };
    let partial = check_one_by_one(room, &by_power(room, &first), start);
    let rest = full.difference(&first).cloned().collect();
    let levels = partial.get(&("m.room.power_levels".to_owned(), String::new()));
    let ordered = by_mainline(room, &rest, levels);
    let mut resolved = check_one_by_one(room, &ordered, partial);
    resolved.extend(unconflicted);
    resolved
}

pub(crate) fn split(states: &[State]) -> (State, BTreeSet<String>) {
    let (mut unconflicted, mut conflicted) = (State::new(), BTreeSet::new());
    for (key, id) in states.iter().flatten() {
        if states.iter().all(|state| state.get(key) == Some(id)) {
            unconflicted.insert(key.clone(), id.clone());
        } else {
            conflicted.insert(id.clone());
        }
    }
    (unconflicted, conflicted)
}

/// Every server counts the events of a state to its chain, which the text does not say.
pub(crate) fn auth_difference(room: &Room, states: &[State]) -> BTreeSet<String> {
    let chains: Vec<BTreeSet<String>> =
        states.iter().map(|state| room.with_ancestors(state.values())).collect();
    let all: BTreeSet<String> = chains.iter().flatten().cloned().collect();
    all.into_iter().filter(|id| !chains.iter().all(|chain| chain.contains(id))).collect()
}

pub(crate) fn subgraph(room: &Room, conflicted: &BTreeSet<String>) -> BTreeSet<String> {
    let behind = room.with_ancestors(conflicted);
    behind.into_iter().filter(|id| !room.with_ancestors([id]).is_disjoint(conflicted)).collect()
}

fn is_power_event(event: &Event) -> bool {
    match event.kind() {
        "m.room.power_levels" | "m.room.join_rules" | "m.room.create" => true,
        "m.room.member" => {
            let membership = event.content()["membership"].as_str();
            matches!(membership, Some("leave" | "ban")) && event.state_key() != Some(event.sender())
        }
        _ => false,
    }
}

/// Reverse topological power ordering, by Kahn.
fn by_power(room: &Room, ids: &BTreeSet<String>) -> Vec<String> {
    let mut left = ids.clone();
    let mut ordered = Vec::new();
    while !left.is_empty() {
        let free = left
            .iter()
            .filter(|id| room.event(id).auth_events().iter().all(|parent| !left.contains(*parent)));
        let rank =
            |id: &&String| (Reverse(level_at(room, room.event(id))), room.event(id).time(), (*id).clone());
        let next = free.min_by_key(rank).unwrap().clone();
        left.remove(&next);
        ordered.push(next);
    }
    ordered
}

/// The sender's level by what the event names as its authority.
fn level_at(room: &Room, event: &Event) -> i64 {
    let creators = auth::creators(room.version, room.create());
    if room.version >= 12 && creators.contains(event.sender()) {
        return auth::INFINITE;
    }
    match named_levels(room, event) {
        Some(levels) => {
            let number = |value| auth::integer(room.version, value);
            let own = number(&levels.content()["users"][event.sender()]);
            own.or(number(&levels.content()["users_default"])).unwrap_or(0)
        }
        None if creators.contains(event.sender()) => 100,
        None => 0,
    }
}

fn named_levels<'a>(room: &'a Room, event: &Event) -> Option<&'a Event> {
    event.auth_events().into_iter().map(|id| room.event(id)).find(|event| event.is("m.room.power_levels", ""))
}

fn check_one_by_one(room: &Room, ids: &[String], mut state: State) -> State {
    for id in ids {
        let event = room.event(id);
        let mut authority = State::new();
        if room.version >= 12 {
            let create = room.create();
            authority.insert(create.key(), create.id.clone());
        }
        authority.extend(event.auth_events().into_iter().map(|id| (room.event(id).key(), id.to_owned())));
        for key in auth::selection(room.version, event) {
            authority.extend(state.get(&key).map(|id| (key, id.clone())));
        }
        if auth::allows(room.version, event, &look_up(room, &authority)).is_ok() {
            state.insert(event.key(), id.clone());
        }
    }
    state
}

fn by_mainline(room: &Room, ids: &BTreeSet<String>, levels: Option<&String>) -> Vec<String> {
    let mut mainline: Vec<&str> = Vec::new();
    let mut next = levels.map(|id| room.event(id));
    while let Some(event) = next {
        mainline.push(&event.id);
        next = named_levels(room, event);
    }
    let position = |id: &str| {
        let mut next = named_levels(room, room.event(id));
        while let Some(event) = next {
            if let Some(found) = mainline.iter().position(|id| *id == event.id) {
                return found;
            }
            next = named_levels(room, event);
        }
        usize::MAX
    };
    let mut ordered: Vec<String> = ids.iter().cloned().collect();
    ordered.sort_by_key(|id| (Reverse(position(id)), room.event(id).time(), id.clone()));
    ordered
}
