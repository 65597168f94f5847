//! Walking the auth graph backwards.

use std::collections::BTreeSet;

use model::EventNum;
use store::Reader;

use super::chains::ChainBatch;
use crate::{Rooms, RoomsError};

/// Every event behind these state events, without those among them that stand behind no other.
pub async fn ancestors(
    rooms: &Rooms,
    reader: &Reader,
    events: &[EventNum],
    events_max: usize,
) -> Result<BTreeSet<EventNum>, RoomsError> {
    let chains = ChainBatch::new();
    let mut found: BTreeSet<EventNum> = BTreeSet::new();
    let mut open: Vec<EventNum> = events.to_vec();
    while !open.is_empty() && found.len() < events_max {
        let rows = rooms.snapshots.ancestry.load(reader, &chains, &open).await?;
        let parents = rows.iter().flat_map(|row| row.auth.iter().copied());
        open = parents.filter(|event| found.insert(*event)).collect();
    }
    Ok(found)
}
