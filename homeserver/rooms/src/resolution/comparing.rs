//! What states differ in, by the layers that they do not share: the cost follows the difference, not the room.

use std::collections::{BTreeSet, HashSet};

use model::{StateKeyNum, StateNum};
use store::Reader;

use super::layer::Change;
use super::snapshots::Snapshots;
use crate::RoomsError;

impl Snapshots {
    /// What changes from one state to another, sorted by key: the new event, or none where the entry goes.
    pub async fn changes_between(
        &self,
        reader: &Reader,
        before: StateNum,
        after: StateNum,
    ) -> Result<Vec<Change>, RoomsError> {
        if before == after {
            return Ok(Vec::new());
        }
        let mut changes = Vec::new();
        for key in self.keys_apart(reader, &[before, after]).await? {
            let event = self.entry(reader, after, key).await?;
            if self.entry(reader, before, key).await? != event {
                changes.push((key, event));
            }
        }
        Ok(changes)
    }

    /// The keys that the states may disagree on: those of all layers that not all of them share.
    pub(super) async fn keys_apart(
        &self,
        reader: &Reader,
        states: &[StateNum],
    ) -> Result<BTreeSet<StateKeyNum>, RoomsError> {
        let mut stacks = Vec::with_capacity(states.len());
        for state in states {
            stacks.push(self.stack(reader, *state).await?);
        }
        let shared: Option<HashSet<StateNum>> = stacks
            .iter()
            .map(|stack| stack.iter().map(|layer| layer.0).collect::<HashSet<_>>())
            .reduce(|one, other| one.intersection(&other).copied().collect());
        let shared = shared.unwrap_or_default();
        let mut keys = BTreeSet::new();
        for stack in &stacks {
            // Below a shared layer everything is shared.
            for (_, layer) in stack.iter().take_while(|(state, _)| !shared.contains(state)) {
                keys.extend(layer.changes.iter().map(|change| change.0));
            }
        }
        Ok(keys)
    }
}
