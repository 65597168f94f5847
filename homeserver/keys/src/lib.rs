//! End-to-end encryption as far as a server has part in it: keys of devices and persons, one-time keys, signatures,
//! key backups, queues of to-device messages, and the stream that says whose devices changed.
//!
//! Everything that is signed is checked before it is stored; nothing that is stored can be read by the server. The
//! keys of users of other servers are kept here too, once somebody fetched them. This
//! crate knows nothing of rooms: who may learn of a changed device list is decided by its callers, who know which
//! users share a room. It never expands `*` either, because the list of devices belongs to `accounts`.

mod backup;
mod claim;
mod counts;
mod cross_signing;
mod dehydrated;
mod device_keys;
mod device_lists;
mod errors;
pub mod limits;
mod one_time;
mod outgoing;
mod published;
mod queues;
mod remote;
mod removal;
mod restored;
mod signatures;
mod signed;
pub mod tables;
#[cfg(test)]
mod test_support;
mod to_device;
mod upload;

use std::sync::Arc;

use base::Clock;
use store::{Store, StoreError};

pub use crate::{
    backup::{BackedUpSession, Backup, BackupState, NewSession, SessionScope},
    claim::{ClaimedKey, WantedKey},
    counts::KeyCounts,
    cross_signing::{CrossSigningChange, CrossSigningUpload, Usage},
    dehydrated::{DehydratedDevice, DehydratedEvents},
    errors::KeysError,
    outgoing::{OutgoingMessage, RemoteMessage},
    published::PublishedKeys,
    remote::{DeviceUpdate, FetchedDevice, FetchedList, Heard},
    restored::after_restore,
    signatures::{SignatureFailure, SignatureUpload, SignaturesAdded},
    tables::{BackupSessionRow, ResyncRow, tables},
    to_device::{PendingMessage, ToDeviceMessage, ToDeviceTransaction},
    upload::{KeyUpload, Uploaded},
};

/// What [`Keys`] is built from.
pub struct KeysParts {
    /// Where the tables are.
    pub store: Store,
    /// Time, for forgetting old transaction ids.
    pub clock: Clock,
}

/// Keys, backups, to-device queues and device-list changes. Clones share one state.
#[derive(Clone)]
pub struct Keys(Arc<Inner>);

struct Inner {
    store: Store,
    clock: Clock,
    queues: queues::Queues,
    changes: device_lists::LatestChanges,
    counts: counts::CountsCache,
    reservations: claim::Reservations,
    backups: backup::BackupLocks,
}

impl Keys {
    /// Opens the crate's part of the store and reads where its streams stand.
    ///
    /// # Errors
    /// Whatever the store answers to these reads.
    pub async fn open(parts: KeysParts) -> Result<Self, StoreError> {
        let changes = device_lists::LatestChanges::load(&parts.store).await?;
        Ok(Self(Arc::new(Inner {
            store: parts.store,
            clock: parts.clock,
            queues: queues::Queues::default(),
            changes,
            counts: counts::CountsCache::default(),
            reservations: claim::Reservations::default(),
            backups: backup::BackupLocks::default(),
        })))
    }
}

#[cfg(test)]
mod tests;
