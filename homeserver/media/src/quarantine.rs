//! Contents that nobody may see. The flag belongs to the content, so it covers every URI of it, its
//! thumbnails, and uploads of the same bytes later.

use ruma::{ServerName, UserId};
use store::{Batch, Scan};

use crate::{
    Digest, Media, MediaError,
    limits::{COMMIT_ATTEMPTS_MAX, PAGE_ROWS_MAX},
    references::Attempt,
    tables::{CONTENT, MEDIA_BY_USER, QUARANTINED, QuarantineRecord},
};

impl Media {
    /// Quarantines the content of a medium, protected or not.
    ///
    /// # Errors
    /// [`MediaError::NotFound`] when there is no such medium or it has no content.
    pub async fn quarantine(
        &self,
        server: &ServerName,
        media_id: &str,
        by: &UserId,
    ) -> Result<(), MediaError> {
        let digest = self.digest_of(server, media_id).await?;
        self.put_quarantine(&digest, by).await
    }

    /// Quarantines everything that a user uploaded, except what is protected. Answers how many
    /// contents are newly quarantined.
    ///
    /// # Errors
    /// Whatever the store answers; what was done before stays done, and it may be repeated.
    pub async fn quarantine_of_user(&self, user: &UserId, by: &UserId) -> Result<u64, MediaError> {
        let (mut count, mut last) = (0, None);
        loop {
            let mut scan = Scan::prefix(user).limit(PAGE_ROWS_MAX);
            if let Some(last) = &last {
                scan = scan.after(last);
            }
            let rows = self.0.store.scan(&MEDIA_BY_USER, scan).await?;
            for ((_, _, server, media_id), ()) in &rows {
                let Some(record) = self.record(server, media_id).await? else { continue };
                let Some(attached) = record.content else { continue };
                let digest = Digest(attached.digest);
                if self.is_protected(&digest).await? || self.is_quarantined(&digest).await? {
                    continue;
                }
                self.put_quarantine(&digest, by).await?;
                count += 1;
            }
            if rows.len() < PAGE_ROWS_MAX {
                return Ok(count);
            }
            last = rows.into_iter().last().map(|(key, ())| key);
        }
    }

    /// Lifts a quarantine.
    ///
    /// # Errors
    /// [`MediaError::NotFound`] when there is no such medium or it has no content.
    pub async fn unquarantine(&self, server: &ServerName, media_id: &str) -> Result<(), MediaError> {
        let digest = self.digest_of(server, media_id).await?;
        let mut batch = Batch::new();
        batch.delete(&QUARANTINED, &digest.0);
        self.0.store.commit(batch).await?;
        Ok(())
    }

    /// Says whether sweeping quarantines pass a content by.
    ///
    /// # Errors
    /// [`MediaError::NotFound`] when there is no such medium or it has no content.
    pub async fn protect(
        &self,
        server: &ServerName,
        media_id: &str,
        protected: bool,
    ) -> Result<(), MediaError> {
        let digest = self.digest_of(server, media_id).await?;
        for _ in 0..COMMIT_ATTEMPTS_MAX {
            let content = self.0.store.get(&CONTENT, &digest.0).await?.ok_or(MediaError::NotFound)?;
            let mut changed = content.clone();
            changed.protected = protected;
            let mut batch = Batch::new();
            batch.expect_eq(&CONTENT, &digest.0, &content).put(&CONTENT, &digest.0, &changed);
            if matches!(self.try_commit(batch).await?, Attempt::Committed) {
                return Ok(());
            }
        }
        Err(MediaError::Busy)
    }

    pub(crate) async fn is_quarantined(&self, digest: &Digest) -> Result<bool, MediaError> {
        Ok(self.0.store.get(&QUARANTINED, &digest.0).await?.is_some())
    }

    pub(crate) async fn is_protected(&self, digest: &Digest) -> Result<bool, MediaError> {
        Ok(self.0.store.get(&CONTENT, &digest.0).await?.is_some_and(|content| content.protected))
    }

    async fn put_quarantine(&self, digest: &Digest, by: &UserId) -> Result<(), MediaError> {
        let record = QuarantineRecord { by: by.to_owned(), at_ms: self.0.clock.now_ms() };
        let mut batch = Batch::new();
        batch.put(&QUARANTINED, &digest.0, &record);
        self.0.store.commit(batch).await?;
        Ok(())
    }

    async fn digest_of(&self, server: &ServerName, media_id: &str) -> Result<Digest, MediaError> {
        let record = self.record(server, media_id).await?.ok_or(MediaError::NotFound)?;
        Ok(Digest(record.content.ok_or(MediaError::NotFound)?.digest))
    }
}
