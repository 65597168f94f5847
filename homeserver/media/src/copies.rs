//! The bound of all copies of other servers' media together. They are counted in the batch that adds or takes one, and
//! the oldest go for new ones.

use store::{Batch, Scan};

use crate::{
    Digest, Media, MediaError,
    limits::SWEEP_ROWS_MAX,
    tables::{CONTENT, COPIES_USAGE, MEDIA, MEDIA_EXPIRY, MediaKind, MediaRecord, Usage},
};

/// The bytes of a copy; none of anything else.
fn bytes_of_copy(record: &MediaRecord) -> Option<u64> {
    let content = record.content.as_ref().filter(|_| record.kind == MediaKind::Remote)?;
    Some(content.bytes)
}

impl Usage {
    fn add(&mut self, bytes: u64) {
        self.count = self.count.saturating_add(1);
        self.bytes = self.bytes.saturating_add(bytes);
    }

    fn remove(&mut self, bytes: u64) {
        self.count = self.count.saturating_sub(1);
        self.bytes = self.bytes.saturating_sub(bytes);
    }
}

impl Media {
    /// What all copies of other servers' media take.
    ///
    /// # Errors
    /// Whatever the store answers.
    pub async fn copies_usage(&self) -> Result<Usage, MediaError> {
        match self.0.store.get(&COPIES_USAGE, &()).await? {
            Some(usage) => Ok(usage),
            None => self.count_all_copies().await,
        }
    }

    /// Counts in `batch` that one medium goes and another comes; what the copies take then.
    pub(crate) async fn count_copies(
        &self,
        batch: &mut Batch,
        gone: Option<&MediaRecord>,
        come: Option<&MediaRecord>,
    ) -> Result<Usage, MediaError> {
        let known = self.0.store.get(&COPIES_USAGE, &()).await?;
        let mut usage = match known {
            Some(usage) => usage,
            None => self.count_all_copies().await?,
        };
        if let Some(bytes) = gone.and_then(bytes_of_copy) {
            usage.remove(bytes);
        }
        if let Some(bytes) = come.and_then(bytes_of_copy) {
            usage.add(bytes);
        }
        batch.expect_read(&COPIES_USAGE, &(), known.as_ref()).put(&COPIES_USAGE, &(), &usage);
        Ok(usage)
    }

    /// Deletes the oldest copies until so many bytes more have room, and names the contents that may have lost their last
    /// reference by that.
    ///
    /// # Errors
    /// [`MediaError::TooLarge`] for more bytes than all copies may take; whatever the store answers.
    pub(crate) async fn make_room(&self, bytes: u64) -> Result<Vec<Digest>, MediaError> {
        let bytes_max = self.0.settings.remote_total_bytes_max;
        if bytes > bytes_max {
            return Err(MediaError::TooLarge { bytes_max });
        }
        let (mut released, mut scan) = (Vec::new(), Scan::all().limit(SWEEP_ROWS_MAX));
        while !self.has_room(bytes).await? {
            // Copies are kept for one time, so those that end first are the oldest.
            let rows = self.0.store.scan(&MEDIA_EXPIRY, scan).await?;
            let Some((last, ())) = rows.last() else { break };
            scan = Scan::all().limit(SWEEP_ROWS_MAX).after(last);
            for ((_, server, media_id), ()) in rows {
                let record = self.0.store.get(&MEDIA, &(server.clone(), media_id.clone())).await?;
                let Some(record) = record.filter(|record| bytes_of_copy(record).is_some()) else { continue };
                if self.has_room(bytes).await? {
                    break;
                }
                self.delete_if_there(&server, &media_id).await?;
                metrics::counter!("media_copies_evicted_total").increment(1);
                released.extend(record.content.map(|content| Digest(content.digest)));
            }
        }
        Ok(released)
    }

    /// Deletes contents to which nobody refers, without the grace that others have: they can be fetched again, and the
    /// bound is one of bytes on the disk. Nobody may hold one of them back while this is called.
    pub(crate) async fn erase_released(&self, released: Vec<Digest>) -> Result<(), MediaError> {
        for digest in released {
            let content = self.0.store.get(&CONTENT, &digest.0).await?;
            if let Some(since_ms) = content.and_then(|content| content.unreferenced_ms) {
                self.erase(since_ms, digest).await?;
            }
        }
        Ok(())
    }

    async fn has_room(&self, bytes: u64) -> Result<bool, MediaError> {
        let taken = self.copies_usage().await?.bytes;
        Ok(taken.saturating_add(bytes) <= self.0.settings.remote_total_bytes_max)
    }

    /// Looks at every medium: once, for copies that were made before anybody counted.
    async fn count_all_copies(&self) -> Result<Usage, MediaError> {
        let (mut usage, mut scan) = (Usage::default(), Scan::all().limit(SWEEP_ROWS_MAX));
        loop {
            let rows = self.0.store.scan(&MEDIA, scan).await?;
            let Some((last, _)) = rows.last() else { return Ok(usage) };
            scan = Scan::all().limit(SWEEP_ROWS_MAX).after(last);
            for bytes in rows.iter().filter_map(|(_, record)| bytes_of_copy(record)) {
                usage.add(bytes);
            }
        }
    }
}
