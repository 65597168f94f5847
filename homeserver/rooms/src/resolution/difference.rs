//! What several states do not share of the auth graph, by chain cover.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use model::{EventNum, StateNum};
use store::{Reader, Scan};

use super::chains::{ChainBatch, extend_reach};
use super::limits::{AGREED_ANCESTRY_MAX, EVENTS_LOADED_MAX, PAGE_ROWS, REACH_STEPS_MAX};
use super::snapshots::Snapshots;
use super::tables::{Ancestry, CHAIN};
use crate::RoomsError;

/// The graph as one resolution sees it: the store, and what its own batch has not written yet.
#[derive(Clone, Copy)]
pub(super) struct Graph<'a> {
    pub snapshots: &'a Snapshots,
    pub reader: &'a Reader,
    pub unwritten: &'a ChainBatch,
}

impl Graph<'_> {
    /// Events that stand behind some of the sets, or belong to them, and not so for all sets. With the events that
    /// the states dispute as sets this is the auth difference, but for events behind agreed state, which stand
    /// behind all of the states: see [`Graph::behind_agreed_state`].
    pub async fn unshared(self, sets: &[Vec<EventNum>]) -> Result<BTreeSet<EventNum>, RoomsError> {
        let mut reaches: Vec<BTreeMap<u64, u64>> = Vec::with_capacity(sets.len());
        let mut steps = 0;
        for events in sets {
            let mut reach = BTreeMap::new();
            for row in self.snapshots.ancestry.load(self.reader, self.unwritten, events).await? {
                steps += row.reach.len();
                if steps > REACH_STEPS_MAX {
                    return Err(RoomsError::Resolution("the states stand on too much".to_owned()));
                }
                extend_reach(&mut reach, &row.reach);
            }
            reaches.push(reach);
        }
        let mut found = BTreeSet::new();
        let chains: BTreeSet<u64> = reaches.iter().flat_map(|reach| reach.keys().copied()).collect();
        for chain in chains {
            let places = reaches.iter().map(|reach| reach.get(&chain).copied().unwrap_or(0));
            let (least, greatest) = places.fold((u64::MAX, 0), |(low, high), at| (low.min(at), high.max(at)));
            self.between(chain, least, greatest, &mut found).await?;
        }
        Ok(found)
    }

    /// Whether `above` is `below` or has it among its ancestors.
    pub async fn stands_on(self, above: EventNum, below: EventNum) -> Result<bool, RoomsError> {
        let rows = self.snapshots.ancestry.load(self.reader, self.unwritten, &[above, below]).await?;
        Ok(matches!(rows.as_slice(), [above, below] if above.reaches(below.chain, below.sequence)))
    }

    /// The events of a chain with places in `(least, greatest]`.
    async fn between(
        self,
        chain: u64,
        least: u64,
        greatest: u64,
        found: &mut BTreeSet<EventNum>,
    ) -> Result<(), RoomsError> {
        let mut last = least;
        while last < greatest {
            if found.len() > EVENTS_LOADED_MAX {
                return Err(RoomsError::Resolution("the states differ in too many events".to_owned()));
            }
            let scan = Scan::prefix(&chain).after(&(chain, last)).up_to(&(chain, greatest)).limit(PAGE_ROWS);
            let page = self.reader.scan(&CHAIN, scan).await?;
            let Some(((_, end), _)) = page.last() else { break };
            last = *end;
            found.extend(page.into_iter().map(|(_, event)| event));
        }
        for sequence in last + 1..=greatest {
            let event = self.unwritten.event_at(chain, sequence);
            found.insert(event.ok_or_else(|| RoomsError::Corrupt(format!("chain {chain} has a hole")))?);
        }
        Ok(())
    }

    /// Which of the doubtful events stand behind agreed state. Reads the ancestry of the whole agreed state, which
    /// is as large as the room; only odd forks come here.
    pub async fn behind_agreed_state(
        self,
        doubtful: &[EventNum],
        state: StateNum,
        disputed: &BTreeSet<EventNum>,
    ) -> Result<HashSet<EventNum>, RoomsError> {
        let entries = self.snapshots.entries(self.reader, state).await?;
        if entries.len() > AGREED_ANCESTRY_MAX {
            return Err(RoomsError::Resolution("the room is too large for this fork".to_owned()));
        }
        let rows = self.snapshots.ancestry.load(self.reader, self.unwritten, doubtful).await?;
        let mut reached: BTreeMap<u64, u64> = rows.iter().map(|row| (row.chain, 0)).collect();
        let agreed: Vec<EventNum> =
            entries.iter().map(|entry| entry.1).filter(|event| !disputed.contains(event)).collect();
        for page in agreed.chunks(PAGE_ROWS) {
            for behind in self.snapshots.ancestry.load(self.reader, self.unwritten, page).await? {
                for (chain, sequence) in &behind.reach {
                    if let Some(greatest) = reached.get_mut(chain) {
                        *greatest = (*greatest).max(*sequence);
                    }
                }
            }
        }
        let is_shared =
            |row: &Ancestry| reached.get(&row.chain).is_some_and(|greatest| *greatest >= row.sequence);
        let shared = doubtful.iter().zip(&rows).filter(|(_, row)| is_shared(row));
        Ok(shared.map(|(event, _)| *event).collect())
    }

    /// The conflicted state subgraph of version 2.1: events on auth paths from one conflicted event to another.
    pub async fn subgraph(self, conflicted: &BTreeSet<EventNum>) -> Result<BTreeSet<EventNum>, RoomsError> {
        let conflicted: Vec<EventNum> = conflicted.iter().copied().collect();
        let targets = self.snapshots.ancestry.load(self.reader, self.unwritten, &conflicted).await?;
        // Who reaches the lowest target of a chain or anything above it stands on a target.
        let mut lowest: HashMap<u64, u64> = HashMap::with_capacity(targets.len());
        for target in &targets {
            let sequence = lowest.entry(target.chain).or_insert(target.sequence);
            *sequence = (*sequence).min(target.sequence);
        }
        let stands_on_a_target = |row: &Ancestry| {
            row.reach.iter().any(|(chain, sequence)| lowest.get(chain).is_some_and(|low| sequence >= low))
        };
        let mut found: BTreeSet<EventNum> = conflicted.iter().copied().collect();
        let mut visited: HashSet<EventNum> = HashSet::new();
        let mut open: Vec<EventNum> = targets.iter().flat_map(|row| row.auth.iter().copied()).collect();
        while !open.is_empty() {
            open.retain(|event| visited.insert(*event));
            if visited.len() > EVENTS_LOADED_MAX {
                return Err(RoomsError::Resolution("the conflict spans too many events".to_owned()));
            }
            let rows = self.snapshots.ancestry.load(self.reader, self.unwritten, &open).await?;
            let mut next = Vec::new();
            for (event, row) in open.iter().zip(&rows) {
                // Off the paths: nothing in conflict stands behind it, so nothing behind it is on a path either.
                if stands_on_a_target(row) {
                    found.insert(*event);
                    next.extend(row.auth.iter().copied().filter(|event| !visited.contains(event)));
                }
            }
            open = next;
        }
        Ok(found)
    }
}
