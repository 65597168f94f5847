//! Devices of users that changed while it was not known whether they are in a room with one of ours.
//!
//! Which users are in a partial room is not known. So a change is written down for each such room in which the user's
//! server is said to be, and announced when the room is whole.

use std::collections::BTreeSet;

use model::RoomNum;
use ruma::{OwnedUserId, UserId};
use store::{Batch, Profile, Scan, Table, TableInfo};

use super::super::InboundError;
use super::super::limits::{DEVICE_CHANGES_PAGE, DEVICE_CHANGES_PER_ROOM_MAX};
use crate::Federation;

/// Users whose devices changed while a room was partial.
const PERHAPS_CHANGED: Table<(RoomNum, OwnedUserId), ()> = Table::new(
    1265,
    "perhaps_changed",
    Profile::Queue,
    "whose devices changed while this room was not whole?",
);

/// The list of this module.
pub(in crate::inbound) fn tables() -> Vec<TableInfo> {
    vec![PERHAPS_CHANGED.info()]
}

impl Federation {
    /// Notes that the devices or keys of a user of another server changed, for each partial room in which they may be.
    ///
    /// # Errors
    /// The store's own.
    pub(crate) async fn note_device_change_while_partial(&self, user: &UserId) -> Result<(), InboundError> {
        let store = &self.parts().store;
        let mut batch = Batch::new();
        for partial in self.parts().rooms.partial_rooms() {
            if !partial.servers.iter().any(|server| server == user.server_name()) {
                continue;
            }
            let noted = Scan::prefix(&partial.room).limit(DEVICE_CHANGES_PER_ROOM_MAX);
            if store.count(&PERHAPS_CHANGED, noted).await? < DEVICE_CHANGES_PER_ROOM_MAX {
                batch.put(&PERHAPS_CHANGED, &(partial.room, user.to_owned()), &());
            }
        }
        if !batch.is_empty() {
            store.commit(batch).await?;
        }
        Ok(())
    }

    /// Announces to the local members of a room that is whole now whose devices have changed meanwhile.
    pub(super) async fn replay_device_changes(&self, room: RoomNum) -> Result<(), InboundError> {
        let parts = self.parts();
        loop {
            let waiting = Scan::prefix(&room).limit(DEVICE_CHANGES_PAGE);
            let waiting = parts.store.scan_keys(&PERHAPS_CHANGED, waiting).await?;
            if waiting.is_empty() {
                return Ok(());
            }
            let mut batch = Batch::new();
            for key in &waiting {
                batch.delete(&PERHAPS_CHANGED, key);
                if parts.rooms.is_joined(&parts.store, room, &key.1).await? {
                    parts.keys.mark_device_list(&parts.store, &mut batch, &key.1).await?;
                }
            }
            parts.rooms.local_members(room).await?.announce(&mut batch);
            parts.store.commit(batch).await?;
        }
    }

    /// The same for rooms that became whole, or were given up, a moment before the last run ended.
    pub(super) async fn replay_left_device_changes(&self) -> Result<(), InboundError> {
        let parts = self.parts();
        let mut left: BTreeSet<RoomNum> = BTreeSet::new();
        let mut scan = Scan::all().limit(DEVICE_CHANGES_PAGE);
        loop {
            let page = parts.store.scan_keys(&PERHAPS_CHANGED, scan).await?;
            let Some(last) = page.last() else { break };
            scan = Scan::all().after(last).limit(DEVICE_CHANGES_PAGE);
            left.extend(page.into_iter().map(|(room, _)| room).filter(|room| !parts.rooms.is_partial(*room)));
        }
        for room in left {
            self.replay_device_changes(room).await?;
        }
        Ok(())
    }
}
