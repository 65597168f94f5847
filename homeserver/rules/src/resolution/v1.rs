//! State resolution of room version 1. <https://spec.matrix.org/v1.19/rooms/v1/#state-resolution>
//!
//! Power levels, join rules and memberships, in this order: of each key's events the chain is followed from
//! the lowest depth up, as long as each event is allowed by what is resolved so far. Everything else takes the
//! deepest event that is allowed.

use std::{cmp::Reverse, collections::BTreeMap};

use model::{Pdu, RoomVersion};
use ruma::{EventId, OwnedEventId, events::StateEventType};

use super::StateMap;
use crate::auth::{self, Judged};

type Key = (StateEventType, String);

pub(super) fn resolve(
    version: &RoomVersion,
    states: &[StateMap],
    fetch: impl Fn(&EventId) -> Option<Judged>,
) -> StateMap {
    let (mut resolved, conflicted) = split(states);
    let mut phases: BTreeMap<u8, Vec<(Key, Vec<Pdu>)>> = BTreeMap::new();
    for (key, ids) in conflicted {
        let mut events: Vec<Pdu> =
            ids.iter().filter_map(|id| fetch(id)).map(|event| event.pdu().clone()).collect();
        events.sort_by_cached_key(|event| (event.depth(), Reverse(sha1(event.event_id().as_bytes()))));
        let phase = match key.0 {
            StateEventType::RoomPowerLevels => 0,
            StateEventType::RoomJoinRules => 1,
            StateEventType::RoomMember => 2,
            _ => 3,
        };
        if !events.is_empty() {
            phases.entry(phase).or_default().push((key, events));
        }
    }
    for (phase, keys) in phases {
        // Keys of one phase do not see each other's results.
        let decided: Vec<(Key, OwnedEventId)> = keys
            .into_iter()
            .filter_map(|(key, events)| {
                let authority = Authority { version, resolved: &resolved, fetch: &fetch };
                let winner =
                    if phase < 3 { authority.follow(&events) } else { authority.deepest_allowed(&events) };
                Some((key, winner?.event_id().to_owned()))
            })
            .collect();
        resolved.extend(decided);
    }
    resolved
}

/// Version 1: a key is in conflict when two states name different events for it; absence is no conflict.
fn split(states: &[StateMap]) -> (StateMap, BTreeMap<Key, Vec<OwnedEventId>>) {
    let mut all: BTreeMap<&Key, Vec<OwnedEventId>> = BTreeMap::new();
    for (key, event) in states.iter().flatten() {
        let events = all.entry(key).or_default();
        if !events.contains(event) {
            events.push(event.clone());
        }
    }
    let mut agreed = StateMap::new();
    let mut conflicted = BTreeMap::new();
    for (key, mut events) in all {
        match events.pop() {
            Some(only) if events.is_empty() => drop(agreed.insert(key.clone(), only)),
            Some(last) => {
                events.push(last);
                conflicted.insert(key.clone(), events);
            }
            None => {}
        }
    }
    (agreed, conflicted)
}

/// The state that is resolved so far, as judge.
struct Authority<'a, F> {
    version: &'a RoomVersion,
    resolved: &'a StateMap,
    fetch: &'a F,
}

impl<F: Fn(&EventId) -> Option<Judged>> Authority<'_, F> {
    /// Starts at the lowest depth and moves on while each next event is allowed with the one before in force.
    fn follow<'e>(&self, events: &'e [Pdu]) -> Option<&'e Pdu> {
        let (first, rest) = events.split_first()?;
        let mut standing = first;
        for event in rest {
            if !self.allows(event, Some(standing)) {
                break;
            }
            standing = event;
        }
        Some(standing)
    }

    /// The deepest allowed event; if none is allowed, the one with the lowest depth.
    fn deepest_allowed<'e>(&self, events: &'e [Pdu]) -> Option<&'e Pdu> {
        events.iter().rev().find(|event| self.allows(event, None)).or_else(|| events.first())
    }

    fn allows(&self, event: &Pdu, standing: Option<&Pdu>) -> bool {
        auth::check(self.version, event, |kind, state_key| {
            if let Some(standing) = standing.filter(|standing| standing.is_state_of(kind, state_key)) {
                return Some(standing.clone());
            }
            let id = self.resolved.get(&(StateEventType::from(kind), state_key.to_owned()))?;
            (self.fetch)(id).map(|found| found.pdu().clone())
        })
        .is_ok()
    }
}

/// SHA-1 of event ids breaks ties in this version; nothing secret rests on it, and no other rule needs it.
fn sha1(message: &[u8]) -> [u8; 20] {
    let mut state: [u32; 5] = [0x6745_2301, 0xEFCD_AB89, 0x98BA_DCFE, 0x1032_5476, 0xC3D2_E1F0];
    let mut padded = message.to_vec();
    padded.push(0x80);
    while padded.len() % 64 != 56 {
        padded.push(0);
    }
    padded.extend_from_slice(&(message.len() as u64 * 8).to_be_bytes());
    for block in padded.chunks_exact(64) {
        let mut words = [0_u32; 80];
        for (word, bytes) in words.iter_mut().zip(block.chunks_exact(4)) {
            *word = bytes.iter().fold(0, |word, byte| word << 8 | u32::from(*byte));
        }
        for index in 16..80 {
            words[index] =
                (words[index - 3] ^ words[index - 8] ^ words[index - 14] ^ words[index - 16]).rotate_left(1);
        }
        let [mut a, mut b, mut c, mut d, mut e] = state;
        for (index, word) in words.iter().enumerate() {
            let (mix, constant) = match index / 20 {
                0 => ((b & c) | (!b & d), 0x5A82_7999),
                1 => (b ^ c ^ d, 0x6ED9_EBA1),
                2 => ((b & c) | (b & d) | (c & d), 0x8F1B_BCDC_u32),
                _ => (b ^ c ^ d, 0xCA62_C1D6),
            };
            let next =
                a.rotate_left(5).wrapping_add(mix).wrapping_add(e).wrapping_add(constant).wrapping_add(*word);
            (e, d, c, b, a) = (d, c, b.rotate_left(30), a, next);
        }
        for (sum, part) in state.iter_mut().zip([a, b, c, d, e]) {
            *sum = sum.wrapping_add(part);
        }
    }
    let mut digest = [0; 20];
    for (bytes, word) in digest.chunks_exact_mut(4).zip(state) {
        bytes.copy_from_slice(&word.to_be_bytes());
    }
    digest
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sha1_gives_the_published_digests() {
        let hex = |bytes: [u8; 20]| bytes.iter().map(|byte| format!("{byte:02x}")).collect::<String>();
        assert_eq!(hex(sha1(b"")), "da39a3ee5e6b4b0d3255bfef95601890afd80709");
        assert_eq!(hex(sha1(b"abc")), "a9993e364706816aba3e25717850c26c9cd0d89d");
        let long = b"abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq";
        assert_eq!(hex(sha1(long)), "84983e441c3bd26ebaae4aa1f95129e5e54670f1");
    }
}
