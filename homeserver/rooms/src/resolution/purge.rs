//! Rows of this module that go with a room.

use model::{EventNum, RoomNum};
use store::{Batch, Scan, Store};

use super::tables::{ANCESTRY, CHAIN, STATE_DIGEST, STATE_LAYER};
use crate::RoomsError;

/// Adds the end of an event's place in the auth graph; chain 0 means that it has none.
pub fn delete_place(batch: &mut Batch, event: EventNum, chain: u64, sequence: u64) {
    if chain != 0 {
        batch.delete(&ANCESTRY, &event);
        batch.delete(&CHAIN, &(chain, sequence));
    }
}

/// Deletes at most `limit` snapshots of a room that nobody reads any more. Returns how many.
pub async fn delete_snapshots(store: &Store, room: RoomNum, limit: usize) -> Result<usize, RoomsError> {
    let rows = store.scan(&STATE_DIGEST, Scan::prefix(&room).limit(limit)).await?;
    if rows.is_empty() {
        return Ok(0);
    }
    let mut batch = Batch::new();
    for (key, state) in &rows {
        batch.delete(&STATE_LAYER, state);
        batch.delete(&STATE_DIGEST, key);
    }
    store.commit(batch).await?;
    Ok(rows.len())
}
