//! The image of a preview: stored like an upload, so that clients never ask the page's server for it.

use outbound::Download;
use ruma::{OwnedMxcUri, UserId};
use serde_json::{Map, Value};
use store::Batch;

use crate::{
    Media, MediaError, PreviewSettings,
    content::Spooled,
    limits::{COMMIT_ATTEMPTS_MAX, PREVIEW_IMAGE_BYTES_MAX},
    references::Attempt,
    tables::{MEDIA, MEDIA_EXPIRY, MediaKind, MediaRecord},
    thumbnails::{ImageKind, dimensions, sniff},
    upload::{Named, attached, mxc_uri},
};

/// An image of ours.
pub(super) struct Picture {
    uri: OwnedMxcUri,
    kind: ImageKind,
    bytes: u64,
    size: (u32, u32),
}

impl Picture {
    /// Adds what the specification wants to know of it.
    pub fn describe(self, preview: &mut Map<String, Value>) {
        let Self { uri, kind, bytes, size: (width, height) } = self;
        preview.insert("og:image".to_owned(), uri.to_string().into());
        preview.insert("og:image:type".to_owned(), kind.content_type().into());
        preview.insert("og:image:width".to_owned(), width.into());
        preview.insert("og:image:height".to_owned(), height.into());
        preview.insert("matrix:image:size".to_owned(), bytes.into());
    }
}

impl Media {
    /// Stores an image that arrives. Nothing comes of one that is none, is too large or breaks off.
    pub(super) async fn keep_picture(
        &self,
        user: &UserId,
        mut answer: Download,
        settings: &PreviewSettings,
    ) -> Result<Option<Picture>, MediaError> {
        if answer.announced_bytes().is_some_and(|bytes| bytes > PREVIEW_IMAGE_BYTES_MAX as u64) {
            return Ok(None);
        }
        let mut incoming = self.0.contents.incoming(PREVIEW_IMAGE_BYTES_MAX as u64).await?;
        loop {
            match answer.chunk().await {
                Ok(Some(chunk)) => incoming.write(&chunk).await?,
                Ok(None) => break,
                Err(error) => {
                    tracing::debug!(%error, "the image of a preview could not be fetched");
                    return Ok(None);
                }
            }
        }
        let spooled = incoming.finish().await?;
        let Some(kind) = sniff(&spooled.head) else { return Ok(None) };
        let path = spooled.path().to_owned();
        let size = tokio::task::spawn_blocking(move || dimensions(&path)).await.unwrap_or_default();
        let Some(size) = size else { return Ok(None) };
        let media_id = self.commit_picture(user, &spooled, kind, settings).await?;
        let uri = mxc_uri(&self.0.server_name, &media_id);
        Ok(Some(Picture { uri, kind, bytes: spooled.bytes, size }))
    }

    async fn commit_picture(
        &self,
        user: &UserId,
        spooled: &Spooled,
        kind: ImageKind,
        settings: &PreviewSettings,
    ) -> Result<String, MediaError> {
        let media_id = self.new_media_id();
        let key = (self.0.server_name.clone(), media_id.clone());
        let created_ms = self.0.clock.now_ms();
        // An image never ends before the preview that names it.
        let expires_ms = created_ms.saturating_add(settings.image_ms.max(settings.cache_ms));
        let named = Named { content_type: Some(kind.content_type().to_owned()), file_name: None };
        let record = MediaRecord {
            kind: MediaKind::Preview,
            uploader: Some(user.to_owned()),
            created_ms,
            expires_ms: Some(expires_ms),
            content: Some(attached(spooled, named)),
        };
        let mut landing = self.land(spooled).await;
        for _ in 0..COMMIT_ATTEMPTS_MAX {
            let mut batch = Batch::new();
            batch.expect_absent(&MEDIA, &key).put(&MEDIA, &key, &record);
            batch.put(&MEDIA_EXPIRY, &(expires_ms, key.0.clone(), key.1.clone()), &());
            if matches!(self.commit_reference(batch, &mut landing).await?, Attempt::Committed) {
                return Ok(media_id);
            }
        }
        Err(MediaError::Busy)
    }
}
