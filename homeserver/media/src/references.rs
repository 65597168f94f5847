//! Who refers to a content: counted in the same batch as the row that refers, so that neither can be
//! without the other.
//!
//! A new content is announced ([`CONTENT_INTENT`]), then written, then committed with its first
//! reference; a crash in between leaves an announcement that housekeeping follows up. A content that
//! nobody refers to waits for its grace; then it is marked as being erased, which makes every new
//! reference fail its condition, and only then deleted.

use store::{Batch, StoreError};

use crate::{
    Digest, Media, MediaError,
    content::Spooled,
    flight::Flight,
    limits::COMMIT_ATTEMPTS_MAX,
    tables::{CONTENT, CONTENT_INTENT, CONTENT_UNREFERENCED, ContentRecord, THUMBNAIL, ThumbnailRecord},
};

/// One try of a commit: what to do when another commit was faster is decided by the caller's loop.
pub(crate) enum Attempt {
    Committed,
    Lost,
}

/// A spooled content on its way to its first or next reference. Nobody else refers to the content or
/// deletes it as long as this lives, so a file that was moved to its place stays there between tries.
pub(crate) struct Landing<'a> {
    spooled: &'a Spooled,
    announced_ms: Option<u64>,
    _busy: Flight,
}

impl Media {
    /// Begins to refer to a spooled content.
    pub(crate) async fn land<'a>(&self, spooled: &'a Spooled) -> Landing<'a> {
        let busy = self.0.busy.take(&spooled.digest.0).await;
        Landing { spooled, announced_ms: None, _busy: busy }
    }

    /// Adds one reference to the content to `batch` and commits; the content is durable before.
    pub(crate) async fn commit_reference(
        &self,
        mut batch: Batch,
        landing: &mut Landing<'_>,
    ) -> Result<Attempt, MediaError> {
        let digest = landing.spooled.digest.0;
        let known = self.0.store.get(&CONTENT, &digest).await?;
        if known.as_ref().is_some_and(|content| content.erasing) {
            // A crash left it so, or another process is at it: housekeeping finishes it.
            return Ok(Attempt::Lost);
        }
        if !self.0.contents.has(&landing.spooled.digest, landing.spooled.bytes).await? {
            if known.is_none() {
                self.announce(landing).await?;
            }
            self.0.contents.adopt(landing.spooled).await?;
        }
        batch.expect_read(&CONTENT, &digest, known.as_ref());
        let mut content = known.unwrap_or_else(|| new_content(landing.spooled.bytes));
        if let Some(since_ms) = content.unreferenced_ms.take() {
            batch.delete(&CONTENT_UNREFERENCED, &(since_ms, digest));
        }
        content.references += 1;
        batch.put(&CONTENT, &digest, &content);
        if let Some(at_ms) = landing.announced_ms {
            batch.delete(&CONTENT_INTENT, &(at_ms, digest));
        }
        self.try_commit(batch).await
    }

    /// Commits, telling a lost race from a failure.
    pub(crate) async fn try_commit(&self, batch: Batch) -> Result<Attempt, MediaError> {
        match self.0.store.commit(batch).await {
            Ok(_) => Ok(Attempt::Committed),
            Err(StoreError::Conflict) => Ok(Attempt::Lost),
            Err(error) => Err(error.into()),
        }
    }

    /// Takes one reference away, in `batch`.
    pub(crate) async fn release(&self, batch: &mut Batch, digest: &Digest) -> Result<(), MediaError> {
        let Some(content) = self.0.store.get(&CONTENT, &digest.0).await? else { return Ok(()) };
        batch.expect_eq(&CONTENT, &digest.0, &content);
        let mut fewer = content;
        fewer.references = fewer.references.saturating_sub(1);
        if fewer.references == 0 && fewer.unreferenced_ms.is_none() {
            let now_ms = self.0.clock.now_ms();
            fewer.unreferenced_ms = Some(now_ms);
            batch.put(&CONTENT_UNREFERENCED, &(now_ms, digest.0), &());
        }
        batch.put(&CONTENT, &digest.0, &fewer);
        Ok(())
    }

    /// Deletes a content that nobody refers to, with its thumbnails. Does nothing when somebody refers
    /// to it again. May be repeated at any point after a crash.
    pub(crate) async fn erase(&self, since_ms: u64, digest: Digest) -> Result<bool, MediaError> {
        let _busy = self.0.busy.take(&digest.0).await;
        let row = (since_ms, digest.0);
        let Some(content) = self.0.store.get(&CONTENT, &digest.0).await? else {
            self.0.contents.delete(&digest).await?;
            let mut batch = forget_marks(row);
            batch.expect_absent(&CONTENT, &digest.0);
            self.try_commit(batch).await?;
            return Ok(true);
        };
        if content.references > 0 {
            // The mark is older than the reference; the row says no more that it waits. Unless the reference goes at
            // this moment: its mark may be of the same millisecond, and forgetting it would keep the content for good.
            let mut batch = forget_marks(row);
            batch.expect_eq(&CONTENT, &digest.0, &content);
            self.try_commit(batch).await?;
            return Ok(false);
        }
        let marked = ContentRecord { erasing: true, ..content.clone() };
        let mut batch = Batch::new();
        batch.expect_eq(&CONTENT, &digest.0, &content).put(&CONTENT, &digest.0, &marked);
        if matches!(self.try_commit(batch).await?, Attempt::Lost) {
            return Ok(false);
        }
        self.forget_thumbnails(&digest).await?;
        self.0.contents.delete(&digest).await?;
        let mut batch = forget_marks(row);
        batch.expect_eq(&CONTENT, &digest.0, &marked).delete(&CONTENT, &digest.0);
        Ok(matches!(self.try_commit(batch).await?, Attempt::Committed))
    }

    /// Follows up an announced write: a content that nobody committed is deleted.
    pub(crate) async fn follow_up(&self, at_ms: u64, digest: Digest) -> Result<(), MediaError> {
        let _busy = self.0.busy.take(&digest.0).await;
        if self.0.store.get(&CONTENT, &digest.0).await?.is_none() {
            let marked = ContentRecord { erasing: true, ..new_content(0) };
            let mut batch = Batch::new();
            batch.expect_absent(&CONTENT, &digest.0).put(&CONTENT, &digest.0, &marked);
            if matches!(self.try_commit(batch).await?, Attempt::Lost) {
                return Ok(());
            }
            self.0.contents.delete(&digest).await?;
            let mut batch = Batch::new();
            batch.expect_eq(&CONTENT, &digest.0, &marked).delete(&CONTENT, &digest.0);
            self.try_commit(batch).await?;
        }
        let mut batch = Batch::new();
        batch.delete(&CONTENT_INTENT, &(at_ms, digest.0));
        self.try_commit(batch).await?;
        Ok(())
    }

    async fn announce(&self, landing: &mut Landing<'_>) -> Result<(), MediaError> {
        let now_ms = self.0.clock.now_ms();
        let mut batch = Batch::new();
        batch.put(&CONTENT_INTENT, &(now_ms, landing.spooled.digest.0), &());
        self.0.store.commit(batch).await?;
        landing.announced_ms = Some(now_ms);
        Ok(())
    }

    async fn forget_thumbnails(&self, source: &Digest) -> Result<(), MediaError> {
        let scan = store::Scan::prefix(&(source.0,));
        for (key, thumbnail) in self.0.store.scan(&THUMBNAIL, scan).await? {
            for _ in 0..COMMIT_ATTEMPTS_MAX {
                let mut batch = Batch::new();
                batch.expect_eq(&THUMBNAIL, &key, &thumbnail).delete(&THUMBNAIL, &key);
                if let ThumbnailRecord::Made { digest, .. } = &thumbnail {
                    self.release(&mut batch, &Digest(*digest)).await?;
                }
                if matches!(self.try_commit(batch).await?, Attempt::Committed) {
                    break;
                }
            }
        }
        Ok(())
    }
}

fn new_content(bytes: u64) -> ContentRecord {
    ContentRecord { bytes, references: 0, unreferenced_ms: None, erasing: false, protected: false }
}

fn forget_marks((since_ms, digest): (u64, [u8; 32])) -> Batch {
    let mut batch = Batch::new();
    batch.delete(&CONTENT_UNREFERENCED, &(since_ms, digest));
    batch
}
