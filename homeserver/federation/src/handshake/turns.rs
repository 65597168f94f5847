//! One join of a room at a time: the second one finds the room there.

use std::sync::Arc;

use moka::sync::Cache;
use ruma::{OwnedRoomId, RoomId};
use tokio::sync::{Mutex, OwnedMutexGuard};

use super::limits::TURNS_MAX;

/// Who is joining which room. A room that falls out of the bound costs a join that is done twice.
pub(crate) struct Turns(Cache<OwnedRoomId, Arc<Mutex<()>>>);

impl Turns {
    pub fn new() -> Self {
        Self(Cache::builder().max_capacity(TURNS_MAX).build())
    }

    /// Waits for the turn; it lasts until the guard goes.
    pub async fn lock(&self, room_id: &RoomId) -> OwnedMutexGuard<()> {
        self.0.get_with(room_id.to_owned(), Arc::default).lock_owned().await
    }

    /// Waits for a join that is under way, if there is one.
    pub async fn settled(&self, room_id: &RoomId) {
        if let Some(turn) = self.0.get(room_id) {
            drop(turn.lock().await);
        }
    }
}
