//! What is disputed, and every event that has a say in it: the full conflicted set of the specification.

use std::collections::{BTreeSet, HashSet};

use model::EventNum;
use ruma::OwnedEventId;
use ruma::room_version_rules::StateResolutionVersion;

use super::super::difference::Graph;
use super::{Disputed, Fork, Loaded};
use crate::RoomsError;

#[derive(Default)]
pub(super) struct Collected {
    pub(super) difference: BTreeSet<EventNum>,
    pub(super) subgraph: BTreeSet<EventNum>,
    /// Both, and the conflicted events themselves.
    pub(super) full: BTreeSet<EventNum>,
}

impl Fork<'_> {
    fn is_v1(&self) -> bool {
        self.version.rules().state_res == StateResolutionVersion::V1
    }

    /// Collects and loads the full conflicted set with the events that judge it.
    pub(super) async fn conflict(
        &self,
        disputed: &Disputed,
        conflicted: &BTreeSet<EventNum>,
        loaded: &mut Loaded,
    ) -> Result<Collected, RoomsError> {
        let graph =
            Graph { snapshots: &self.rooms.snapshots, reader: self.reader, unwritten: self.unwritten.chains };
        let mut collected = Collected { full: conflicted.clone(), ..Collected::default() };
        if !self.is_v1() {
            let by_state: Vec<Vec<EventNum>> = (0..self.states.len())
                .map(|index| {
                    disputed.values().filter_map(|events| events.get(index).copied().flatten()).collect()
                })
                .collect();
            let mut difference = graph.unshared(&by_state).await?;
            self.load(difference.iter().copied(), loaded).await?;
            self.drop_agreed(graph, &mut difference, conflicted, loaded).await?;
            collected.difference = difference;
            if self
                .version
                .rules()
                .state_res
                .v2_rules()
                .is_some_and(|v2| v2.consider_conflicted_state_subgraph)
            {
                collected.subgraph = graph.subgraph(conflicted).await?;
            }
            collected.full.extend(collected.difference.iter().copied());
            collected.full.extend(collected.subgraph.iter().copied());
        }
        self.load(collected.full.iter().copied(), loaded).await?;
        let judges: Vec<OwnedEventId> =
            loaded.by_num.values().flat_map(|event| event.pdu().auth_events().to_vec()).collect();
        self.load_ids(judges, loaded).await?;
        self.load_power_history(loaded).await?;
        Ok(collected)
    }

    /// Takes events out of the difference that are agreed state or stand behind it, and so behind all states. The
    /// agreed event of the same key settles nearly every case; else the whole state is asked.
    async fn drop_agreed(
        &self,
        graph: Graph<'_>,
        difference: &mut BTreeSet<EventNum>,
        conflicted: &BTreeSet<EventNum>,
        loaded: &Loaded,
    ) -> Result<(), RoomsError> {
        let Some(state) = self.states.first() else { return Ok(()) };
        let mut doubtful = Vec::new();
        for event in difference.clone() {
            let Some(pdu) = loaded.by_num.get(&event).filter(|_| !conflicted.contains(&event)) else {
                continue;
            };
            let state_key = pdu.pdu().state_key().unwrap_or_default();
            let key = self.rooms.state_key_num(self.reader, pdu.kind(), state_key).await?;
            let standing = match key {
                Some(key) => self.rooms.snapshots.entry(self.reader, *state, key).await?,
                None => None,
            };
            match standing.filter(|standing| !conflicted.contains(standing)) {
                Some(standing) if graph.stands_on(standing, event).await? => drop(difference.remove(&event)),
                _ => doubtful.push(event),
            }
        }
        if !doubtful.is_empty() {
            let shared = graph.behind_agreed_state(&doubtful, *state, conflicted).await?;
            difference.retain(|event| !shared.contains(event));
        }
        Ok(())
    }

    /// The mainline follows power level events back to the first one.
    async fn load_power_history(&self, loaded: &mut Loaded) -> Result<(), RoomsError> {
        let mut seen: HashSet<EventNum> = HashSet::new();
        loop {
            let fresh: Vec<EventNum> = loaded
                .by_num
                .iter()
                .filter(|(num, event)| {
                    event.pdu().is_state_of("m.room.power_levels", "") && !seen.contains(num)
                })
                .map(|(num, _)| *num)
                .collect();
            if fresh.is_empty() {
                return Ok(());
            }
            let parents = fresh
                .iter()
                .filter_map(|num| loaded.by_num.get(num))
                .flat_map(|e| e.pdu().auth_events().to_vec());
            let parents: Vec<OwnedEventId> = parents.collect();
            seen.extend(fresh);
            self.load_ids(parents, loaded).await?;
        }
    }
}
