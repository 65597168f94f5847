//! URL previews: what a page says about itself, fetched once for everybody.
//!
//! A page is somebody else's text at somebody else's address: every fetch (the page, its image, its
//! oEmbed answer) goes through the guarded client with the same domain rules, reads a bounded number of
//! bytes in bounded time, and whatever goes wrong is told to the user in the same words.
//!
//! [Specification](https://spec.matrix.org/v1.19/client-server-api/#get_matrixclientv1mediapreview_url)

mod charset;
mod domains;
mod fetch;
mod oembed;
mod page;
mod picture;

use std::sync::Arc;

use bytes::Bytes;
use moka::sync::Cache;
use outbound::Url;
use ruma::UserId;
use store::Batch;
use tokio::sync::Semaphore;

use self::domains::DomainRules;
use crate::{
    Digest, Media, MediaError, PreviewSettings,
    flight::Flights,
    limits::{
        PREVIEW_FAILURES_REMEMBERED_FOR, PREVIEW_FAILURES_REMEMBERED_MAX, PREVIEW_URL_BYTES_MAX,
        PREVIEWS_RUNNING_MAX,
    },
    tables::{PREVIEW, PREVIEW_EXPIRY, PreviewRecord},
};

/// The making of previews.
pub(crate) struct Previews {
    running: Arc<Semaphore>,
    flights: Flights<[u8; 32]>,
    failed: Cache<[u8; 32], ()>,
}

impl Default for Previews {
    fn default() -> Self {
        Self {
            running: Arc::new(Semaphore::new(PREVIEWS_RUNNING_MAX)),
            flights: Flights::default(),
            failed: Cache::builder()
                .max_capacity(PREVIEW_FAILURES_REMEMBERED_MAX)
                .time_to_live(PREVIEW_FAILURES_REMEMBERED_FOR)
                .build(),
        }
    }
}

impl Media {
    /// The preview of a URL as a JSON object, which may be empty.
    ///
    /// # Errors
    /// [`MediaError::PreviewsDisabled`]; [`MediaError::PreviewRefused`] for a URL that the rules exclude;
    /// [`MediaError::PreviewFailed`] when the page was not to be had; [`MediaError::Busy`].
    pub async fn preview(&self, user: &UserId, url: &str) -> Result<Bytes, MediaError> {
        let settings = self.0.settings.previews.as_ref().ok_or(MediaError::PreviewsDisabled)?;
        let url = parse(url, &DomainRules::new(settings))?;
        let key = Digest::of(url.as_str().as_bytes()).0;
        if let Some(known) = self.known_preview(&key).await? {
            metrics::counter!("url_previews_total", "outcome" => "cached").increment(1);
            return Ok(known);
        }
        if self.0.previews.failed.contains_key(&key) {
            return Err(MediaError::PreviewFailed);
        }
        let running = Arc::clone(&self.0.previews.running);
        let _permit = running.try_acquire_owned().map_err(|_| MediaError::Busy)?;
        let _flight = self.0.previews.flights.take(&key).await;
        if let Some(known) = self.known_preview(&key).await? {
            return Ok(known);
        }
        if self.0.previews.failed.contains_key(&key) {
            return Err(MediaError::PreviewFailed);
        }
        let made = self.make_preview(user, &url, settings).await;
        let outcome = if made.is_ok() { "made" } else { "failed" };
        metrics::counter!("url_previews_total", "outcome" => outcome).increment(1);
        match made {
            Ok(json) => self.keep_preview(key, json, settings).await,
            Err(error) => {
                self.0.previews.failed.insert(key, ());
                Err(error)
            }
        }
    }

    async fn known_preview(&self, key: &[u8; 32]) -> Result<Option<Bytes>, MediaError> {
        let now_ms = self.0.clock.now_ms();
        let known = self.0.store.get(&PREVIEW, key).await?;
        Ok(known.filter(|preview| preview.expires_ms > now_ms).map(|preview| Bytes::from(preview.json)))
    }

    async fn keep_preview(
        &self,
        key: [u8; 32],
        json: String,
        settings: &PreviewSettings,
    ) -> Result<Bytes, MediaError> {
        let expires_ms = self.0.clock.now_ms().saturating_add(settings.cache_ms);
        let mut batch = Batch::new();
        batch.put(&PREVIEW, &key, &PreviewRecord { expires_ms, json: json.clone() });
        batch.put(&PREVIEW_EXPIRY, &(expires_ms, key), &());
        self.0.store.commit(batch).await?;
        Ok(Bytes::from(json))
    }
}

/// What a user may ask a preview of. The fragment never reaches a server, so it is left out.
fn parse(url: &str, rules: &DomainRules) -> Result<Url, MediaError> {
    if url.len() > PREVIEW_URL_BYTES_MAX {
        return Err(MediaError::PreviewRefused);
    }
    let mut url = Url::parse(url).map_err(|_| MediaError::PreviewRefused)?;
    url.set_fragment(None);
    let is_web = matches!(url.scheme(), "http" | "https");
    let is_anonymous = url.username().is_empty() && url.password().is_none();
    if is_web && is_anonymous && rules.allow(&url) { Ok(url) } else { Err(MediaError::PreviewRefused) }
}
