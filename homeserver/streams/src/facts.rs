//! The append-only log of what happened, in the order of commits.

use model::{EventNum, RoomNum, StreamPos};
use ruma::{OwnedDeviceId, OwnedRoomId, OwnedUserId};
use serde::{Deserialize, Serialize};
use store::{Batch, Reader, Scan, Store, StoreError};

use crate::Cursor;
use crate::limits::{FACTS_FORGOTTEN_MAX, FACTS_READ_MAX};
use crate::tables::STREAM;

/// Something that became true at a position. It says where to look, not what is there: readers load the rest.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub enum Fact {
    /// An event entered the timeline of a room.
    Event {
        /// The room.
        room: RoomNum,
        /// The event.
        event: EventNum,
    },
    /// A receipt moved.
    Receipt {
        /// The room.
        room: RoomNum,
        /// Whose receipt.
        user: OwnedUserId,
    },
    /// Account data changed.
    AccountData {
        /// Whose.
        user: OwnedUserId,
        /// In which room, or global.
        room: Option<OwnedRoomId>,
    },
    /// Messages were queued for a device.
    ToDevice {
        /// The receiving user.
        user: OwnedUserId,
        /// The receiving device.
        device: OwnedDeviceId,
    },
    /// The devices or keys of a user changed.
    DeviceList {
        /// Whose.
        user: OwnedUserId,
    },
    /// The profile of a user changed.
    Profile {
        /// Whose.
        user: OwnedUserId,
    },
    /// A user was created, deactivated or otherwise administered.
    Account {
        /// Which.
        user: OwnedUserId,
    },
    /// A room was put into the public directory or taken out of it, or it was deleted.
    Listing {
        /// The room.
        room: RoomNum,
    },
    /// The rest of the state of a room came in, which was entered with a part of it: most of its members are new.
    Completed {
        /// The room.
        room: RoomNum,
    },
    /// An event was deleted from this server for good.
    Removed {
        /// The room.
        room: RoomNum,
        /// The event, which nobody can read any more.
        event: EventNum,
    },
}
store::record!(Fact);

/// Writes a fact at a position of this batch. One fact per position.
pub fn record(batch: &mut Batch, position: StreamPos, fact: &Fact) {
    batch.put(&STREAM, &position, fact);
}

/// The facts after one position up to another (inclusive), oldest first, at most [`FACTS_READ_MAX`]: ask again after
/// the last one until none comes.
pub async fn facts(
    reader: &Reader,
    after: StreamPos,
    up_to: StreamPos,
) -> Result<Vec<(StreamPos, Fact)>, StoreError> {
    reader.scan(&STREAM, Scan::all().after(&after).up_to(&up_to).limit(FACTS_READ_MAX)).await
}

/// Forgets the facts that all of these readers have passed, at most [`FACTS_FORGOTTEN_MAX`] of them; how many went. Call
/// again until it answers zero. `after` is where the last call came to and is moved on; begin with
/// [`StreamPos::ZERO`]. A reader without cursor has read nothing yet, so nothing is forgotten.
///
/// # Errors
/// Whatever the store answers.
pub async fn forget_facts(
    store: &Store,
    readers: &[&str],
    after: &mut StreamPos,
) -> Result<usize, StoreError> {
    let mut passed = store.frontier();
    for reader in readers {
        passed = passed.min(Cursor::load(store, reader).await?.position());
    }
    if passed <= *after {
        return Ok(0);
    }
    let scan = Scan::all().after(after).up_to(&passed).limit(FACTS_FORGOTTEN_MAX);
    let positions = store.scan_keys(&STREAM, scan).await?;
    let Some(last) = positions.last() else { return Ok(0) };
    let mut batch = Batch::new();
    for position in &positions {
        batch.delete(&STREAM, position);
    }
    store.commit(batch).await?;
    *after = *last;
    Ok(positions.len())
}
