//! What an event says of entries: what somebody did, and what is remembered of it once that is handed over.

use std::sync::Arc;

use bridge_api::{Arrival, EntryKey, Failure, Shelf};
use serde::Serialize;
use tokio::sync::OwnedMutexGuard;

use super::{Entries, Kind, row_key};
use crate::limits::ENTRY_KEPT_MS;

/// What an event says.
pub struct Told {
    arrivals: Vec<Arrival>,
    rest: Option<Rest>,
}

/// What is written down afterwards, before anybody else may change the entry.
struct Rest {
    shelf: Arc<dyn Shelf>,
    key: String,
    row: Vec<u8>,
    _turn: OwnedMutexGuard<()>,
}

impl Told {
    /// Nothing that anybody wants to know.
    pub const fn nothing() -> Self {
        Self { arrivals: Vec::new(), rest: None }
    }

    /// What needs no memory.
    pub const fn at_once(arrivals: Vec<Arrival>) -> Self {
        Self { arrivals, rest: None }
    }

    /// What to hand over.
    pub fn take(&mut self) -> Vec<Arrival> {
        std::mem::take(&mut self.arrivals)
    }

    /// It is durable now, so it is not told again. Were this forgotten, a repeat would bring the same keys.
    pub async fn kept(self) {
        let Some(rest) = self.rest else { return };
        if let Err(error) = rest.shelf.put(&rest.key, &rest.row, ENTRY_KEPT_MS).await {
            tracing::warn!(%error, "it is not written down what somebody did in DingTalk");
        }
    }
}

impl Entries {
    /// What somebody did, and the row that holds it.
    pub(super) fn told<T: Serialize>(
        &self,
        kind: Kind,
        key: &EntryKey,
        row: &T,
        arrivals: Vec<Arrival>,
        turn: OwnedMutexGuard<()>,
    ) -> Result<Told, Failure> {
        self.told_at(row_key(kind, key), row, arrivals, turn)
    }

    /// The same with a row of this key.
    pub(super) fn told_at<T: Serialize>(
        &self,
        key: String,
        row: &T,
        arrivals: Vec<Arrival>,
        turn: OwnedMutexGuard<()>,
    ) -> Result<Told, Failure> {
        let row = serde_json::to_vec(row).map_err(|error| Failure::later(error.to_string()))?;
        let rest = Rest { shelf: Arc::clone(&self.shelf), key, row, _turn: turn };
        Ok(Told { arrivals, rest: Some(rest) })
    }
}
