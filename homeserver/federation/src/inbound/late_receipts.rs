//! Receipts that came before the event which they are for: the event waits in the line of its room, or is on its way.
//!
//! They live in memory, as receipts do with their sender; whoever is full drops the oldest.

use std::collections::VecDeque;

use parking_lot::Mutex;
use rooms::RoomsError;
use rooms::receipts::{ReceiptKind, ReceiptScope};
use ruma::{OwnedEventId, OwnedRoomId, OwnedServerName, OwnedUserId, RoomId};
use tokio::time::Instant;

use super::limits::{RECEIPT_WAIT_MAX, RECEIPTS_WAITING_MAX, RECEIPTS_WAITING_PER_ORIGIN_MAX};
use crate::Federation;

/// A receipt of another server's user.
#[derive(Clone, Debug)]
pub(super) struct PeerReceipt {
    pub origin: OwnedServerName,
    pub room_id: OwnedRoomId,
    pub user: OwnedUserId,
    pub scope: ReceiptScope,
    pub event_id: OwnedEventId,
}

/// Those that wait, the oldest first.
#[derive(Default)]
pub(crate) struct LateReceipts(Mutex<VecDeque<(Instant, PeerReceipt)>>);

impl LateReceipts {
    fn wait(&self, since: Instant, receipt: PeerReceipt) {
        let mut waiting = self.0.lock();
        let is_of_origin = |(_, other): &(Instant, PeerReceipt)| other.origin == receipt.origin;
        if waiting.iter().filter(|other| is_of_origin(other)).count() >= RECEIPTS_WAITING_PER_ORIGIN_MAX
            && let Some(oldest) = waiting.iter().position(is_of_origin)
        {
            waiting.remove(oldest);
        }
        if waiting.len() >= RECEIPTS_WAITING_MAX {
            waiting.pop_front();
        }
        waiting.push_back((since, receipt));
    }

    /// Takes out those of a room, and those that waited too long.
    fn of_room(&self, room_id: &RoomId) -> Vec<(Instant, PeerReceipt)> {
        let mut waiting = self.0.lock();
        waiting.retain(|(since, _)| since.elapsed() <= RECEIPT_WAIT_MAX);
        let all = std::mem::take(&mut *waiting);
        let (of_room, others) = all.into_iter().partition(|(_, receipt)| receipt.room_id == room_id);
        *waiting = others;
        Vec::from(of_room)
    }
}

impl Federation {
    /// Sets a receipt, or lets it wait for its event.
    pub(super) async fn take_receipt(&self, receipt: PeerReceipt) -> Result<(), RoomsError> {
        self.try_receipt(Instant::now(), receipt).await
    }

    /// Tries those receipts of a room again that wait for their events.
    pub(super) async fn take_late_receipts(&self, room_id: &RoomId) -> Result<(), RoomsError> {
        for (since, receipt) in self.late_receipts().of_room(room_id) {
            self.try_receipt(since, receipt).await?;
        }
        Ok(())
    }

    async fn try_receipt(&self, since: Instant, receipt: PeerReceipt) -> Result<(), RoomsError> {
        let PeerReceipt { origin, room_id, user, scope, event_id } = &receipt;
        let Some(proof) = self.is_heard(origin, room_id, user).await? else { return Ok(()) };
        match self.parts().rooms.set_receipt(&proof, ReceiptKind::Public, scope, event_id).await {
            Ok(_) => Ok(()),
            Err(error @ RoomsError::Store(_)) => Err(error),
            Err(RoomsError::EventNotFound) => {
                self.late_receipts().wait(since, receipt);
                Ok(())
            }
            Err(error) => {
                tracing::debug!(%user, %event_id, %error, "a receipt is left out");
                Ok(())
            }
        }
    }
}
