//! Rooms that wait for something that is not ours: the space of their department, the homeserver, the platform. For a while they are
//! looked after often; then people are told, and they are tried again from time to time.

use std::collections::BTreeSet;

use store::{Batch, Scan, StoreError};

use crate::{
    Bridges,
    lanes::Lane,
    limits::{MAKING_AGAIN_MS, MAKING_HELD_MAX, MAKING_MAX, MAKING_TOLD_MS},
    people_tables::{MAKING, MakingRow},
};

impl Bridges {
    /// A room has to wait for this reason. After [`MAKING_TOLD_MS`] whoever ordered it and the administrators are told, once, and it is
    /// tried again each [`MAKING_AGAIN_MS`]. Whether it is worth being looked after soon.
    ///
    /// # Errors
    /// When the store cannot be written.
    pub(super) async fn hold_room(
        &self,
        lane: &Lane,
        row: &MakingRow,
        reason: &str,
    ) -> Result<bool, StoreError> {
        let (now_ms, of) = (self.0.clock.now_ms(), (lane.0.key(), lane.1.as_str()));
        let since_ms = row.held_since_ms.unwrap_or(now_ms);
        let is_long = now_ms.saturating_sub(since_ms) >= MAKING_TOLD_MS;
        if row.held_since_ms.is_some() && !is_long {
            return Ok(true);
        }
        let again_ms = is_long.then(|| now_ms.saturating_add(MAKING_AGAIN_MS));
        let held = MakingRow { held_since_ms: Some(since_ms), again_ms, ..row.clone() };
        let mut batch = Batch::new();
        batch.expect_eq(&MAKING, &of, row).put(&MAKING, &of, &held);
        if is_long && row.again_ms.is_none() {
            tracing::warn!(reason, network = lane.0.key(), conversation = %lane.1, "a room for a conversation cannot be finished; it is tried again from time to time");
            self.tell_held(&mut batch, lane, (row, since_ms), reason);
        }
        match self.0.store.commit(batch).await {
            Ok(_) => Ok(!is_long),
            // It was finished, or begun anew, meanwhile.
            Err(StoreError::Conflict) => Ok(true),
            Err(error) => Err(error),
        }
    }

    fn tell_held(&self, batch: &mut Batch, lane: &Lane, (row, since_ms): (&MakingRow, u64), reason: &str) {
        let conversation = self.name_of(lane);
        let values = [("conversation", conversation.as_str()), ("reason", reason)];
        let people: BTreeSet<_> = row.by.iter().chain(&self.0.settings.administrators).collect();
        for person in people {
            let unique = format!("held/{}/{}/{since_ms}/{person}", lane.0.key(), lane.1);
            self.tell(batch, person, &unique, "bridge.told.held", &values);
        }
    }

    /// How many rooms people were told of that they wait, at most [`MAKING_HELD_MAX`] and [`MAKING_MAX`] together.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub(crate) async fn rooms_held(&self) -> Result<usize, StoreError> {
        let waiting = self.0.store.scan(&MAKING, Scan::all().limit(MAKING_MAX + MAKING_HELD_MAX)).await?;
        Ok(waiting.iter().filter(|(_, row)| row.again_ms.is_some()).count())
    }
}
