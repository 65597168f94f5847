//! When a medium was last wanted, kept only where the operator wants unused media to go.

use ruma::ServerName;
use store::Batch;

use crate::{Media, MediaError, limits::ACCESS_NOTED_EVERY_MS, tables::MEDIA_ACCESSED};

impl Media {
    /// Notes an access, to within a day; nobody waits for the note to be durable.
    pub(crate) async fn note_access(&self, server: &ServerName, media_id: &str) -> Result<(), MediaError> {
        if self.0.settings.retention_ms.is_none() {
            return Ok(());
        }
        let key = (server.to_owned(), media_id.to_owned());
        let now_ms = self.0.clock.now_ms();
        let noted_ms = self.0.store.get(&MEDIA_ACCESSED, &key).await?.unwrap_or(0);
        if noted_ms.saturating_add(ACCESS_NOTED_EVERY_MS) <= now_ms {
            let mut batch = Batch::new();
            batch.put(&MEDIA_ACCESSED, &key, &now_ms);
            drop(self.0.store.submit(batch));
        }
        Ok(())
    }
}
