//! What belongs to a device rather than to a person: its queue of to-device messages, its published keys, and the
//! stream that says whose devices changed.
//!
//! This crate knows nothing of rooms: who may learn of a changed device list is decided by its callers, who know
//! which users share a room. It never expands `*` either, because the list of devices belongs to `accounts`.

mod counts;
mod device_lists;
mod errors;
pub mod limits;
mod queues;
mod removal;
pub mod tables;
mod to_device;

use std::sync::Arc;

use base::Clock;
use store::{Store, StoreError};

pub use crate::{
    counts::KeyCounts,
    errors::KeysError,
    tables::tables,
    to_device::{PendingMessage, ToDeviceMessage, ToDeviceTransaction},
};

/// What [`Keys`] is built from.
pub struct KeysParts {
    /// Where the tables are.
    pub store: Store,
    /// Time, for forgetting old transaction ids.
    pub clock: Clock,
}

/// To-device queues, device-list changes and key counts. Clones share one state.
#[derive(Clone)]
pub struct Keys(Arc<Inner>);

struct Inner {
    store: Store,
    clock: Clock,
    queues: queues::Queues,
    device_lists: device_lists::LatestChange,
    counts: counts::CountsCache,
}

impl Keys {
    /// Opens the crate's part of the store and reads where the device-list stream stands.
    ///
    /// # Errors
    /// Whatever the store answers to that one read.
    pub async fn open(parts: KeysParts) -> Result<Self, StoreError> {
        let device_lists = device_lists::LatestChange::load(&parts.store).await?;
        Ok(Self(Arc::new(Inner {
            store: parts.store,
            clock: parts.clock,
            queues: queues::Queues::default(),
            device_lists,
            counts: counts::CountsCache::default(),
        })))
    }
}

#[cfg(test)]
mod tests;
