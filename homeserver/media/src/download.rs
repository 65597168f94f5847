//! From a URI to the content behind it. Every way to bytes leads through [`Media::find`], where the
//! quarantine is asked.

use std::{ops::Range, time::Duration};

use ruma::ServerName;
use tokio::time::{Instant, timeout_at};

use crate::{
    ContentStream, Digest, Media, MediaError,
    limits::{MEDIA_ID_BYTES_MAX, WAIT_TIME_MAX},
    tables::{Attached, MEDIA, MediaRecord},
};

/// A content that may be served.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Found {
    /// SHA-256 of the content.
    pub digest: Digest,
    /// Its length.
    pub bytes: u64,
    /// The type that the uploader gave.
    pub content_type: Option<String>,
    /// The name that the uploader gave.
    pub file_name: Option<String>,
}

impl Found {
    pub(crate) fn of(attached: Attached) -> Self {
        let Attached { digest, bytes, content_type, file_name } = attached;
        Self { digest: Digest(digest), bytes, content_type, file_name }
    }
}

impl Media {
    /// Looks a medium up, and fetches one of another server that is not here. An id whose content is still to come is waited for, at most `wait` and at
    /// most [`WAIT_TIME_MAX`].
    ///
    /// # Errors
    /// [`MediaError::NotFound`], also for what is quarantined; [`MediaError::NotYetUploaded`].
    pub async fn find(
        &self,
        server: &ServerName,
        media_id: &str,
        wait: Duration,
    ) -> Result<Found, MediaError> {
        let deadline = Instant::now() + wait.min(WAIT_TIME_MAX);
        let attached = match self.record(server, media_id).await? {
            Some(MediaRecord { content: Some(attached), .. }) => attached,
            Some(_) => self.wait_for_content(server, media_id, deadline).await?,
            None if server == self.0.server_name || media_id.len() > MEDIA_ID_BYTES_MAX => {
                return Err(MediaError::NotFound);
            }
            None => self.fetch_from(server, media_id, wait.min(WAIT_TIME_MAX)).await?,
        };
        let found = Found::of(attached);
        if self.is_quarantined(&found.digest).await? {
            return Err(MediaError::NotFound);
        }
        self.note_access(server, media_id).await?;
        Ok(found)
    }

    /// The bytes of a content; `range` must lie inside it.
    ///
    /// # Errors
    /// [`MediaError::RangeNotSatisfiable`]; [`MediaError::NotFound`] when the storage has lost it.
    pub async fn read(&self, found: &Found, range: Option<Range<u64>>) -> Result<ContentStream, MediaError> {
        let range = range.unwrap_or(0..found.bytes);
        if range.end > found.bytes || range.start > range.end {
            return Err(MediaError::RangeNotSatisfiable { bytes: found.bytes });
        }
        metrics::counter!("media_downloads_total").increment(1);
        metrics::counter!("media_download_bytes_total").increment(range.end - range.start);
        self.0.contents.read(&found.digest, range).await
    }

    /// The row of a medium that has not had its time.
    pub(crate) async fn record(
        &self,
        server: &ServerName,
        media_id: &str,
    ) -> Result<Option<MediaRecord>, MediaError> {
        if media_id.len() > MEDIA_ID_BYTES_MAX {
            return Ok(None);
        }
        let record = self.0.store.get(&MEDIA, &(server.to_owned(), media_id.to_owned())).await?;
        let now_ms = self.0.clock.now_ms();
        Ok(record.filter(|record| record.expires_ms.is_none_or(|expires_ms| expires_ms > now_ms)))
    }

    async fn wait_for_content(
        &self,
        server: &ServerName,
        media_id: &str,
        deadline: Instant,
    ) -> Result<Attached, MediaError> {
        let waiter = self.0.waiting.register(media_id).ok_or(MediaError::NotYetUploaded)?;
        loop {
            let mut woken = std::pin::pin!(waiter.woken());
            // Before the look, so that an upload in between is not missed.
            woken.as_mut().enable();
            let record = self.record(server, media_id).await?.ok_or(MediaError::NotFound)?;
            if let Some(attached) = record.content {
                return Ok(attached);
            }
            if timeout_at(deadline, woken).await.is_err() {
                return Err(MediaError::NotYetUploaded);
            }
        }
    }
}
