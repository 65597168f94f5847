//! State without its members, for lazy loading: of a room with ten thousand members a dozen entries are left, and
//! finding them costs a look at each. A state never changes, so the short list is remembered.

use std::sync::Arc;

use model::{EventNum, StateKeyNum, StateNum};
use moka::sync::Cache;

use crate::{context::Context, errors::SyncError, limits::LEAN_STATE_BYTES};

/// A state's entries, members left out.
type Entries = Arc<[(StateKeyNum, EventNum)]>;

/// The lists that are remembered.
pub(crate) struct LeanStates(Cache<StateNum, Entries>);

impl Default for LeanStates {
    fn default() -> Self {
        let bytes =
            |_: &StateNum, entries: &Entries| u32::try_from(entries.len() * 16 + 96).unwrap_or(u32::MAX);
        Self(Cache::builder().max_capacity(LEAN_STATE_BYTES).weigher(bytes).build())
    }
}

/// The entries of a state that are not members.
pub(crate) async fn without_members(context: &Context<'_>, state: StateNum) -> Result<Entries, SyncError> {
    let cache = &context.inner.lean_states.0;
    if let Some(entries) = cache.get(&state) {
        return Ok(entries);
    }
    let rooms = &context.inner.parts.rooms;
    let all = rooms.state_at(context.reader(), state).await?;
    let nums: Vec<StateKeyNum> = all.iter().map(|(key, _)| *key).collect();
    let keys = rooms.state_keys(context.reader(), &nums).await?;
    let lean = all.iter().zip(&keys).filter(|(_, key)| key.0 != "m.room.member").map(|(entry, _)| *entry);
    let entries: Entries = lean.collect();
    cache.insert(state, entries.clone());
    Ok(entries)
}
