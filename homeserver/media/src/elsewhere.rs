//! Media of other servers: fetched when somebody wants them, kept for a while like content of our own.
//!
//! Who fetches is plugged in from above; this crate bounds what comes, stores it while it arrives and lets one fetch
//! serve everybody who waits for the same medium.

use std::{sync::Arc, time::Duration};

use bytes::Bytes;
use futures_util::{StreamExt as _, future::BoxFuture, stream::BoxStream};
use ruma::ServerName;
use store::Batch;

use crate::{
    Media, MediaError,
    limits::COMMIT_ATTEMPTS_MAX,
    references::Attempt,
    tables::{Attached, MEDIA, MEDIA_EXPIRY, MediaKind, MediaRecord},
    upload::{Named, attached},
};

/// Whoever can ask other servers for content.
pub trait Elsewhere: Send + Sync {
    /// Asks `server` for one of its media, which may be uploaded only now and is waited for as long as `wait`. Of the
    /// content at most a little more than `bytes_max` bytes are wanted.
    fn fetch<'a>(
        &'a self,
        server: &'a ServerName,
        media_id: &'a str,
        wait: Duration,
        bytes_max: u64,
    ) -> BoxFuture<'a, Result<Arriving, MediaError>>;
}

/// A content that arrives from another server.
pub struct Arriving {
    /// What that server says of it.
    pub named: Named,
    /// Its bytes.
    pub bytes: BoxStream<'static, Result<Bytes, MediaError>>,
}

impl Media {
    /// Plugs in who fetches media of other servers. Without anybody they do not exist.
    pub fn plug(&self, elsewhere: Arc<dyn Elsewhere>) {
        *self.0.elsewhere.write() = Some(elsewhere);
    }

    /// Takes it out, at the stop of a server: it holds this crate, so that without this neither, nor the store, would
    /// ever be dropped.
    pub fn unplug(&self) {
        *self.0.elsewhere.write() = None;
    }

    /// Fetches a medium of another server, once for all who want it at the same time.
    pub(crate) async fn fetch_from(
        &self,
        server: &ServerName,
        media_id: &str,
        wait: Duration,
    ) -> Result<Attached, MediaError> {
        let elsewhere = self.0.elsewhere.read().clone().ok_or(MediaError::NotFound)?;
        let _permit = Arc::clone(&self.0.fetches).try_acquire_owned().map_err(|_| MediaError::Busy)?;
        let _flight = self.0.fetching.take(&(server.to_owned(), media_id.to_owned())).await;
        if let Some(attached) = self.record(server, media_id).await?.and_then(|record| record.content) {
            return Ok(attached);
        }
        let bytes_max = self.0.settings.remote_bytes_max;
        let mut arriving = elsewhere.fetch(server, media_id, wait, bytes_max).await?;
        let mut incoming = self.0.contents.incoming(bytes_max).await?;
        while let Some(chunk) = arriving.bytes.next().await {
            incoming.write(&chunk?).await?;
        }
        let spooled = incoming.finish().await?;
        let now_ms = self.0.clock.now_ms();
        let expires_ms = now_ms.saturating_add(self.0.settings.remote_ms);
        let attached = attached(&spooled, arriving.named.cleaned());
        let record = MediaRecord {
            kind: MediaKind::Remote,
            uploader: None,
            created_ms: now_ms,
            expires_ms: Some(expires_ms),
            content: Some(attached.clone()),
        };
        let key = (server.to_owned(), media_id.to_owned());
        let mut landing = self.land(&spooled).await;
        let mut released = Vec::new();
        for _ in 0..COMMIT_ATTEMPTS_MAX {
            released.extend(self.make_room(spooled.bytes).await?);
            let mut batch = Batch::new();
            // The row of an earlier copy that had its time goes with its own expiry; it must not be lost over it.
            let before = self.0.store.get(&MEDIA, &key).await?;
            if let Some(before) = &before {
                self.forget_copy(&mut batch, &key, before).await?;
            }
            let usage = self.count_copies(&mut batch, before.as_ref(), Some(&record)).await?;
            if usage.bytes > self.0.settings.remote_total_bytes_max {
                // Another copy took the room that was made.
                continue;
            }
            batch.expect_read(&MEDIA, &key, before.as_ref()).put(&MEDIA, &key, &record);
            batch.put(&MEDIA_EXPIRY, &(expires_ms, key.0.clone(), key.1.clone()), &());
            if matches!(self.commit_reference(batch, &mut landing).await?, Attempt::Committed) {
                metrics::counter!("media_fetched_total").increment(1);
                metrics::counter!("media_fetched_bytes_total").increment(spooled.bytes);
                // Not before: two who land would wait for each other's contents.
                drop(landing);
                self.erase_released(released).await?;
                return Ok(attached);
            }
        }
        Err(MediaError::Busy)
    }

    /// Takes away what an outdated copy holds.
    async fn forget_copy(
        &self,
        batch: &mut Batch,
        key: &(ruma::OwnedServerName, String),
        before: &MediaRecord,
    ) -> Result<(), MediaError> {
        if let Some(expires_ms) = before.expires_ms {
            batch.delete(&MEDIA_EXPIRY, &(expires_ms, key.0.clone(), key.1.clone()));
        }
        match &before.content {
            Some(content) => self.release(batch, &crate::Digest(content.digest)).await,
            None => Ok(()),
        }
    }
}
