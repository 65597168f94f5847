//! What has had its time: called now and then, one page of each kind at a time.

use ruma::OwnedServerName;
use store::{Batch, Scan};

use crate::{
    Digest, Media, MediaError,
    limits::{INTENT_AGE_MS_MAX, SWEEP_ROWS_MAX},
    tables::{
        CONTENT, CONTENT_INTENT, CONTENT_UNREFERENCED, MEDIA, MEDIA_ACCESSED, MEDIA_EXPIRY, MediaKind,
        PREVIEW, PREVIEW_EXPIRY,
    },
};

/// How much one sweep removed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Swept {
    /// Ids that never got content, and images of previews.
    pub expired: usize,
    /// Cached previews.
    pub previews: usize,
    /// Copies of other servers' media beyond what they may take together.
    pub evicted: usize,
    /// Uploads that nobody wanted for too long.
    pub unused: usize,
    /// Contents that nobody referred to.
    pub contents: usize,
}

impl Media {
    /// Removes what has had its time: expired ids and previews, copies beyond their bound, uploads without access for the
    /// retention time, contents without reference for the grace time, traces of crashed uploads. Stops
    /// early when `stop` says so; the next call goes on.
    ///
    /// # Errors
    /// Whatever store or storage answer; what was done before stays done.
    pub async fn sweep(&self, stop: impl Fn() -> bool) -> Result<Swept, MediaError> {
        let mut swept = Swept::default();
        while !stop() {
            let removed = self.sweep_expired().await?;
            swept.expired += removed;
            if removed == 0 {
                break;
            }
        }
        while !stop() {
            let removed = self.sweep_previews().await?;
            swept.previews += removed;
            if removed == 0 {
                break;
            }
        }
        // Needed where the bound was lowered.
        let released = self.make_room(0).await?;
        swept.evicted = released.len();
        self.erase_released(released).await?;
        swept.unused = self.sweep_unused(&stop).await?;
        while !stop() {
            let removed = self.sweep_contents().await?;
            swept.contents += removed;
            if removed == 0 {
                break;
            }
        }
        self.follow_up_intents(&stop).await?;
        self.measure(&stop).await?;
        Ok(swept)
    }

    async fn sweep_expired(&self) -> Result<usize, MediaError> {
        let now_ms = self.0.clock.now_ms();
        let mut removed = 0;
        for (row, ()) in self.0.store.scan(&MEDIA_EXPIRY, Scan::all().limit(SWEEP_ROWS_MAX)).await? {
            let (expires_ms, server, media_id) = row.clone();
            if expires_ms > now_ms {
                break;
            }
            let record = self.0.store.get(&MEDIA, &(server.clone(), media_id.clone())).await?;
            if record.is_some_and(|record| record.expires_ms == Some(expires_ms)) {
                self.delete_if_there(&server, &media_id).await?;
            } else {
                let mut batch = Batch::new();
                batch.delete(&MEDIA_EXPIRY, &row);
                self.0.store.commit(batch).await?;
            }
            removed += 1;
        }
        Ok(removed)
    }

    async fn sweep_previews(&self) -> Result<usize, MediaError> {
        let now_ms = self.0.clock.now_ms();
        let rows = self.0.store.scan(&PREVIEW_EXPIRY, Scan::all().limit(SWEEP_ROWS_MAX)).await?;
        let mut batch = Batch::new();
        let mut removed = 0;
        for (row, ()) in rows.into_iter().take_while(|((expires_ms, _), ())| *expires_ms <= now_ms) {
            let (expires_ms, url) = row;
            batch.delete(&PREVIEW_EXPIRY, &row);
            let preview = self.0.store.get(&PREVIEW, &url).await?;
            if preview.is_some_and(|preview| preview.expires_ms <= expires_ms) {
                batch.delete(&PREVIEW, &url);
            }
            removed += 1;
        }
        if removed > 0 {
            self.0.store.commit(batch).await?;
        }
        Ok(removed)
    }

    /// Looks at every upload. An access that was never noted counts as the creation.
    async fn sweep_unused(&self, stop: impl Fn() -> bool) -> Result<usize, MediaError> {
        let Some(retention_ms) = self.0.settings.retention_ms else { return Ok(0) };
        let horizon_ms = self.0.clock.now_ms().saturating_sub(retention_ms);
        let (mut removed, mut last) = (0, None::<(OwnedServerName, String)>);
        while !stop() {
            let mut scan = Scan::all().limit(SWEEP_ROWS_MAX);
            if let Some(last) = &last {
                scan = scan.after(last);
            }
            let rows = self.0.store.scan(&MEDIA, scan).await?;
            for (key, record) in &rows {
                if record.kind != MediaKind::Upload || record.content.is_none() {
                    continue;
                }
                let noted_ms = self.0.store.get(&MEDIA_ACCESSED, key).await?.unwrap_or(0);
                if record.created_ms.max(noted_ms) < horizon_ms {
                    self.delete_if_there(&key.0, &key.1).await?;
                    removed += 1;
                }
            }
            if rows.len() < SWEEP_ROWS_MAX {
                break;
            }
            last = rows.into_iter().last().map(|(key, _)| key);
        }
        Ok(removed)
    }

    async fn sweep_contents(&self) -> Result<usize, MediaError> {
        let horizon_ms = self.0.clock.now_ms().saturating_sub(self.0.settings.grace_ms);
        let rows = self.0.store.scan(&CONTENT_UNREFERENCED, Scan::all().limit(SWEEP_ROWS_MAX)).await?;
        let mut removed = 0;
        for ((since_ms, digest), ()) in rows {
            if since_ms > horizon_ms {
                break;
            }
            removed += usize::from(self.erase(since_ms, Digest(digest)).await?);
        }
        Ok(removed)
    }

    async fn follow_up_intents(&self, stop: impl Fn() -> bool) -> Result<(), MediaError> {
        let horizon_ms = self.0.clock.now_ms().saturating_sub(INTENT_AGE_MS_MAX);
        while !stop() {
            let scan = Scan::all().limit(SWEEP_ROWS_MAX);
            let rows = self.0.store.scan(&CONTENT_INTENT, scan).await?;
            let old: Vec<_> = rows.into_iter().filter(|((at_ms, _), ())| *at_ms < horizon_ms).collect();
            if old.is_empty() {
                break;
            }
            for ((at_ms, digest), ()) in old {
                self.follow_up(at_ms, Digest(digest)).await?;
            }
        }
        Ok(())
    }

    /// Sets the gauges of what is stored.
    async fn measure(&self, stop: impl Fn() -> bool) -> Result<(), MediaError> {
        let copies = self.copies_usage().await?;
        #[expect(clippy::cast_precision_loss, reason = "a gauge is approximate")]
        metrics::gauge!("media_copies_bytes_stored").set(copies.bytes as f64);
        let (mut count, mut bytes, mut last) = (0_u64, 0_u64, None::<[u8; 32]>);
        while !stop() {
            let mut scan = Scan::all().limit(SWEEP_ROWS_MAX);
            if let Some(last) = &last {
                scan = scan.after(last);
            }
            let rows = self.0.store.scan(&CONTENT, scan).await?;
            count += rows.len() as u64;
            bytes += rows.iter().map(|(_, content)| content.bytes).sum::<u64>();
            if rows.len() < SWEEP_ROWS_MAX {
                #[expect(clippy::cast_precision_loss, reason = "a gauge is approximate")]
                metrics::gauge!("media_contents_stored").set(count as f64);
                #[expect(clippy::cast_precision_loss, reason = "a gauge is approximate")]
                metrics::gauge!("media_bytes_stored").set(bytes as f64);
                break;
            }
            last = rows.into_iter().last().map(|(key, _)| key);
        }
        Ok(())
    }

    pub(crate) async fn delete_if_there(
        &self,
        server: &OwnedServerName,
        media_id: &str,
    ) -> Result<(), MediaError> {
        match self.delete(server, media_id).await {
            Ok(()) | Err(MediaError::NotFound) => Ok(()),
            Err(error) => Err(error),
        }
    }
}
