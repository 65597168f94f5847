//! Thumbnails: asked for by size, made of images of four kinds, kept like any other content.
//!
//! Sizes are clamped to a ladder, so that nobody can fill the storage by asking for every size there
//! is. What an image is, is told by its first bytes; its dimensions are read and held against the budget
//! before anything is decoded; decoding happens in a few threads at a time.
//!
//! [Specification](https://spec.matrix.org/v1.19/client-server-api/#thumbnails)

mod animated;
mod image_file;
mod ladder;
mod still;

use std::{sync::Arc, time::Duration};

use moka::sync::Cache;
use ruma::ServerName;
use store::Batch;
use tokio::sync::Semaphore;

pub(crate) use self::image_file::{ImageKind, dimensions, sniff};
pub use self::ladder::{Shape, ThumbnailRequest};
use self::{image_file::Budget, ladder::Rung};
use crate::{
    Digest, Found, Media, MediaError,
    flight::Flights,
    limits::{COMMIT_ATTEMPTS_MAX, REFUSALS_REMEMBERED_FOR, REFUSALS_REMEMBERED_MAX, THUMBNAILS_PENDING_MAX},
    references::Attempt,
    tables::{CONTENT, THUMBNAIL, ThumbnailRecord},
};

type Key = ([u8; 32], u32, u32, u8);

/// The making of thumbnails.
pub(crate) struct Thumbnails {
    running: Arc<Semaphore>,
    pending: Arc<Semaphore>,
    flights: Flights<Key>,
    /// Contents that are no images, so that a room full of readers asks only once.
    refused: Cache<[u8; 32], Refusal>,
}

#[derive(Clone, Copy)]
enum Refusal {
    NoImage,
    TooLarge,
}

/// A thumbnail fresh from the workshop.
pub(crate) enum Made {
    /// The original is no larger and not more animated than what was asked for.
    Original(ImageKind),
    /// Another image.
    Image { bytes: Vec<u8>, content_type: &'static str },
}

impl Thumbnails {
    pub fn new(threads: usize) -> Self {
        Self {
            running: Arc::new(Semaphore::new(threads.max(1))),
            pending: Arc::new(Semaphore::new(THUMBNAILS_PENDING_MAX)),
            flights: Flights::default(),
            refused: Cache::builder()
                .max_capacity(REFUSALS_REMEMBERED_MAX)
                .time_to_live(REFUSALS_REMEMBERED_FOR)
                .build(),
        }
    }
}

impl Media {
    /// The thumbnail of a medium, made when there is none yet. The answer may be the original itself.
    ///
    /// # Errors
    /// Those of [`Media::find`]; [`MediaError::NoThumbnail`], [`MediaError::ImageTooLarge`];
    /// [`MediaError::Busy`] when too many are made already.
    pub async fn thumbnail(
        &self,
        server: &ServerName,
        media_id: &str,
        request: ThumbnailRequest,
        wait: Duration,
    ) -> Result<Found, MediaError> {
        let source = self.find(server, media_id, wait).await?;
        let rung = Rung::of(request);
        let key = (source.digest.0, rung.width, rung.height, rung.number());
        let thumbnail = match self.0.store.get(&THUMBNAIL, &key).await? {
            Some(known) => found(&source, known),
            None => self.make_thumbnail(&source, key, rung).await?,
        };
        // A thumbnail may be the same bytes as something else that was quarantined.
        if self.is_quarantined(&thumbnail.digest).await? { Err(MediaError::NotFound) } else { Ok(thumbnail) }
    }

    async fn make_thumbnail(&self, source: &Found, key: Key, rung: Rung) -> Result<Found, MediaError> {
        let thumbnails = &self.0.thumbnails;
        let refused = |refusal| match refusal {
            Refusal::NoImage => MediaError::NoThumbnail,
            Refusal::TooLarge => MediaError::ImageTooLarge,
        };
        if let Some(refusal) = thumbnails.refused.get(&source.digest.0) {
            return Err(refused(refusal));
        }
        if source.bytes > self.0.settings.thumbnail_source_bytes_max {
            return Err(MediaError::ImageTooLarge);
        }
        let _pending = Arc::clone(&thumbnails.pending).try_acquire_owned().map_err(|_| MediaError::Busy)?;
        let _flight = thumbnails.flights.take(&key).await;
        if let Some(known) = self.0.store.get(&THUMBNAIL, &key).await? {
            return Ok(found(source, known));
        }
        let made = self.work(source, rung).await;
        let outcome = match &made {
            Ok(_) => "made",
            Err(MediaError::NoThumbnail) => "no_image",
            Err(MediaError::ImageTooLarge) => "too_large",
            Err(_) => "failed",
        };
        metrics::counter!("media_thumbnails_total", "outcome" => outcome).increment(1);
        match made {
            Ok(made) => self.keep_thumbnail(source, key, made).await,
            Err(error) => {
                match error {
                    MediaError::NoThumbnail => thumbnails.refused.insert(source.digest.0, Refusal::NoImage),
                    MediaError::ImageTooLarge => {
                        thumbnails.refused.insert(source.digest.0, Refusal::TooLarge)
                    }
                    _ => {}
                }
                Err(error)
            }
        }
    }

    /// Decodes, shrinks and encodes in a thread of its own, when one is free.
    async fn work(&self, source: &Found, rung: Rung) -> Result<Made, MediaError> {
        let settings = &self.0.settings;
        let budget = Budget { pixels_max: settings.thumbnail_pixels_max };
        let file = self.0.contents.local_file(&source.digest, source.bytes).await?;
        let permit = Arc::clone(&self.0.thumbnails.running).acquire_owned().await;
        let permit = permit.map_err(|_| MediaError::Busy)?;
        let work = tokio::task::spawn_blocking(move || {
            let _permit = permit;
            let made = if rung.animated {
                animated::make(file.path(), rung, budget)
            } else {
                still::make(file.path(), rung, budget)
            };
            drop(file);
            made
        });
        // A decoder that panics has met an image that it cannot take.
        work.await.unwrap_or(Err(MediaError::NoThumbnail))
    }

    async fn keep_thumbnail(&self, source: &Found, key: Key, made: Made) -> Result<Found, MediaError> {
        let (record, spooled) = match made {
            Made::Original(kind) => {
                (ThumbnailRecord::Original { content_type: kind.content_type().to_owned() }, None)
            }
            Made::Image { bytes, content_type } => {
                let mut incoming = self.0.contents.incoming(bytes.len() as u64).await?;
                incoming.write(&bytes).await?;
                let spooled = incoming.finish().await?;
                let (digest, bytes) = (spooled.digest.0, spooled.bytes);
                let record = ThumbnailRecord::Made { digest, bytes, content_type: content_type.to_owned() };
                (record, Some(spooled))
            }
        };
        let mut landing = match &spooled {
            Some(spooled) => Some(self.land(spooled).await),
            None => None,
        };
        for _ in 0..COMMIT_ATTEMPTS_MAX {
            let origin = self.0.store.get(&CONTENT, &source.digest.0).await?;
            let Some(origin) = origin.filter(|origin| !origin.erasing) else {
                return Err(MediaError::NotFound);
            };
            let mut batch = Batch::new();
            // The source must not be erased under our hands, for nobody would find the thumbnail then.
            batch.expect_eq(&CONTENT, &source.digest.0, &origin);
            batch.put(&THUMBNAIL, &key, &record);
            let attempt = match &mut landing {
                Some(landing) => self.commit_reference(batch, landing).await?,
                None => self.try_commit(batch).await?,
            };
            if matches!(attempt, Attempt::Committed) {
                return Ok(found(source, record));
            }
        }
        Err(MediaError::Busy)
    }
}

fn found(source: &Found, record: ThumbnailRecord) -> Found {
    match record {
        ThumbnailRecord::Original { content_type } => {
            Found { content_type: Some(content_type), file_name: None, ..source.clone() }
        }
        ThumbnailRecord::Made { digest, bytes, content_type } => {
            Found { digest: Digest(digest), bytes, content_type: Some(content_type), file_name: None }
        }
    }
}
