//! Work that nobody asks for and that keeps the store from growing: done at the start and every hour.

use base::Shutdown;
use keys::Keys;
use rooms::{Rooms, RoomsError};

use crate::limits::HOUSEKEEPING_INTERVAL;

/// Forgets what has had its time, until the server stops.
pub(crate) async fn run(rooms: Rooms, keys: Keys, shutdown: Shutdown) {
    while !shutdown.is_triggered() {
        forget_keys(&keys).await;
        match forget_transactions(&rooms, &shutdown).await {
            Ok(0) => {}
            Ok(forgotten) => tracing::info!(forgotten, "forgot old transaction ids"),
            Err(error) => tracing::warn!(%error, "cannot forget old transaction ids; will try again"),
        }
        tokio::select! {
            () = shutdown.wait() => {}
            () = tokio::time::sleep(HOUSEKEEPING_INTERVAL) => {}
        }
    }
}

/// What a crash left behind of queues and backups whose owners are gone.
async fn forget_keys(keys: &Keys) {
    match keys.forget_leftovers().await {
        Ok(0) => {}
        Ok(queues) => tracing::info!(queues, "deleted the queues of devices that are gone"),
        Err(error) => tracing::warn!(%error, "cannot delete the queues of devices that are gone; will try again"),
    }
    match keys.delete_dropped_backups().await {
        Ok(0) => {}
        Ok(backups) => tracing::info!(backups, "finished the deletion of key backups"),
        Err(error) => tracing::warn!(%error, "cannot finish the deletion of key backups; will try again"),
    }
}

/// One page after the other, so that a day's worth never fills one batch or holds up the stop.
async fn forget_transactions(rooms: &Rooms, shutdown: &Shutdown) -> Result<usize, RoomsError> {
    let mut total = 0;
    while !shutdown.is_triggered() {
        match rooms.forget_old_transactions().await? {
            0 => break,
            forgotten => total += forgotten,
        }
    }
    Ok(total)
}
