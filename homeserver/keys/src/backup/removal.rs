//! Deleting the sessions of a version that is gone.

use ruma::OwnedUserId;
use store::{Batch, Scan, StoreError};

use crate::{
    Keys,
    limits::ROWS_PER_STEP_MAX,
    tables::{BACKUP_DROPPED, BACKUP_SESSION},
};

impl Keys {
    /// Finishes deletions that a crash interrupted: for the housekeeping of the server. Answers how many versions.
    ///
    /// # Errors
    /// Whatever the store answers.
    pub async fn delete_dropped_backups(&self) -> Result<usize, StoreError> {
        let dropped = self.0.store.scan_keys(&BACKUP_DROPPED, Scan::all().limit(ROWS_PER_STEP_MAX)).await?;
        for key in &dropped {
            self.delete_dropped(key).await?;
        }
        Ok(dropped.len())
    }

    pub(super) async fn delete_dropped(&self, key: &(OwnedUserId, u64)) -> Result<(), StoreError> {
        loop {
            let scan = Scan::prefix(key).limit(ROWS_PER_STEP_MAX);
            let sessions = self.0.store.scan_keys(&BACKUP_SESSION, scan).await?;
            let mut batch = Batch::new();
            for session in &sessions {
                batch.delete(&BACKUP_SESSION, session);
            }
            let finished = sessions.len() < ROWS_PER_STEP_MAX;
            if finished {
                batch.delete(&BACKUP_DROPPED, key);
            }
            self.0.store.commit(batch).await?;
            if finished {
                return Ok(());
            }
        }
    }
}
