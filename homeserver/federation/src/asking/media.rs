//! Content of other servers, streamed as it arrives.

use std::time::Duration;

use bytes::Bytes;
use futures_util::{FutureExt as _, StreamExt as _, future::BoxFuture, stream};
use media::{Arriving, Elsewhere, MediaError, Named};
use outbound::{Download, Limits as OutboundLimits, OutboundError, Request as OutboundRequest};
use ruma::{
    ServerName, api::federation::authenticated_media::get_content::v1::Request,
    http_headers::ContentDisposition,
};

use super::multipart::{Head, Multipart};
use crate::{
    ClientError, Federation,
    client::{Limits, escaped},
    limits::{MEDIA_REDIRECTS_MAX, MEDIA_TIME_MAX, MULTIPART_HEAD_BYTES_MAX},
};

impl Elsewhere for Federation {
    fn fetch<'a>(
        &'a self,
        server: &'a ServerName,
        media_id: &'a str,
        wait: Duration,
        bytes_max: u64,
    ) -> BoxFuture<'a, Result<Arriving, MediaError>> {
        self.content_of(server, media_id, wait, bytes_max).boxed()
    }
}

impl Federation {
    async fn content_of(
        &self,
        server: &ServerName,
        media_id: &str,
        wait: Duration,
        bytes_max: u64,
    ) -> Result<Arriving, MediaError> {
        let terms = self.policy().terms(server).ok_or(MediaError::NotFound)?;
        let bytes_max = terms.media_bytes_max.map_or(bytes_max, |own| own.min(bytes_max));
        // Head, boundaries and one chunk too many are on top of the content.
        let total =
            usize::try_from(bytes_max).unwrap_or(usize::MAX).saturating_add(2 * MULTIPART_HEAD_BYTES_MAX);
        let mut request = Request::new(media_id.to_owned());
        request.timeout_ms = wait;
        let limits = Limits::default().within(MEDIA_TIME_MAX).up_to(total);
        let mut download = match self.client().open(server, request, limits).await {
            Err(error) if knows_no_such_endpoint(&error) => {
                return self.content_of_older(server, media_id, wait, limits).await;
            }
            outcome => outcome.map_err(refused)?,
        };
        let content_type = download.header(&http::header::CONTENT_TYPE).map(str::to_owned);
        let mut parts =
            Multipart::new(content_type.as_deref()).ok_or_else(|| broken("it is not multipart"))?;
        let head = loop {
            if let Some(head) = parts.head().map_err(broken)? {
                break head;
            }
            let chunk =
                download.chunk().await.map_err(failed)?.ok_or_else(|| broken("it ends in its head"))?;
            parts.push(&chunk);
        };
        match head {
            Head::Content { content_type, disposition } => {
                let named = Named { content_type, file_name: disposition.and_then(|text| file_name(&text)) };
                Ok(Arriving { named, bytes: content(download, parts).boxed() })
            }
            Head::Location(url) => self.elsewhere_still(&url, bytes_max).await,
        }
    }

    /// Content of a server from before version 1.11 of the specification, which serves it to everybody.
    async fn content_of_older(
        &self,
        server: &ServerName,
        media_id: &str,
        wait: Duration,
        limits: Limits,
    ) -> Result<Arriving, MediaError> {
        let (media_id, wait_ms) = (escaped(media_id), wait.as_millis());
        // What it does not have itself it must not fetch for us, from us for example.
        let path = format!(
            "/_matrix/media/v3/download/{}/{media_id}?allow_remote=false&timeout_ms={wait_ms}",
            escaped(server.as_str())
        );
        Ok(whole(self.client().open_path(server, &path, limits).await.map_err(refused)?))
    }

    /// Content that lies on yet another host, of a storage service for example: asked for without a signature.
    async fn elsewhere_still(&self, url: &str, bytes_max: u64) -> Result<Arriving, MediaError> {
        let limits = OutboundLimits {
            bytes_max: usize::try_from(bytes_max).unwrap_or(usize::MAX).saturating_add(1),
            time_max: MEDIA_TIME_MAX,
            redirects_max: MEDIA_REDIRECTS_MAX,
        };
        // Nothing is asked for that a way between here and there could read.
        let request = OutboundRequest::get(url).only(|url| url.scheme() == "https");
        let download = self.parts().outbound.open(request, limits).await.map_err(failed)?;
        if download.status() != http::StatusCode::OK {
            return Err(broken(&format!("the place it names answers {}", download.status())));
        }
        Ok(whole(download))
    }
}

/// Whether the server is too old to know the endpoint.
fn knows_no_such_endpoint(error: &ClientError) -> bool {
    match error {
        ClientError::Answered { status: 400 | 404 | 405, errcode, .. } => errcode == "M_UNRECOGNIZED",
        // No Matrix error at all: something in front of an old server.
        ClientError::NoEndpoint(_) | ClientError::BadAnswer(_) => true,
        ClientError::Answered { .. }
        | ClientError::NotAllowed(_)
        | ClientError::BackingOff { .. }
        | ClientError::Unreachable(_)
        | ClientError::Timeout
        | ClientError::Request(_) => false,
    }
}

/// An answer that is the content and nothing else.
fn whole(download: Download) -> Arriving {
    let content_type = download.header(&http::header::CONTENT_TYPE).map(str::to_owned);
    let disposition = download.header(&http::header::CONTENT_DISPOSITION).and_then(file_name);
    let named = Named { content_type, file_name: disposition };
    let bytes = stream::unfold(Some(download), |download| async move {
        let mut download = download?;
        match download.chunk().await {
            Ok(Some(chunk)) => Some((Ok(chunk), Some(download))),
            Ok(None) => None,
            Err(error) => Some((Err(failed(error)), None)),
        }
    });
    Arriving { named, bytes: bytes.boxed() }
}

/// The bytes up to the last boundary.
fn content(
    download: Download,
    parts: Multipart,
) -> impl futures_util::Stream<Item = Result<Bytes, MediaError>> + Send {
    stream::unfold(Some((download, parts)), |state| async move {
        let (mut download, mut parts) = state?;
        loop {
            if let Some(bytes) = parts.content() {
                return Some((Ok(bytes), Some((download, parts))));
            }
            if parts.is_finished() {
                return None;
            }
            match download.chunk().await {
                Ok(Some(chunk)) => parts.push(&chunk),
                Ok(None) => return Some((Err(broken("it ends before its last boundary")), None)),
                Err(error) => return Some((Err(failed(error)), None)),
            }
        }
    })
}

fn file_name(disposition: &str) -> Option<String> {
    disposition.parse::<ContentDisposition>().ok()?.filename
}

fn refused(error: ClientError) -> MediaError {
    tracing::debug!(%error, "media not fetched");
    match error {
        ClientError::Answered { errcode, .. } if errcode == "M_NOT_YET_UPLOADED" => {
            MediaError::NotYetUploaded
        }
        ClientError::Answered { status: 404, .. } | ClientError::NotAllowed(_) => MediaError::NotFound,
        ClientError::Answered { .. }
        | ClientError::BackingOff { .. }
        | ClientError::Unreachable(_)
        | ClientError::Timeout
        | ClientError::NoEndpoint(_)
        | ClientError::BadAnswer(_)
        | ClientError::Request(_) => MediaError::RemoteFailed,
    }
}

fn failed(error: OutboundError) -> MediaError {
    tracing::debug!(%error, "media not fetched");
    match error {
        OutboundError::TooLarge { bytes_max } => MediaError::TooLarge { bytes_max: bytes_max as u64 },
        OutboundError::InvalidUrl(_)
        | OutboundError::Blocked(_)
        | OutboundError::Unresolvable(_)
        | OutboundError::Timeout
        | OutboundError::TooManyRedirects
        | OutboundError::Connect(_)
        | OutboundError::Broken(_)
        | OutboundError::Setup(_) => MediaError::RemoteFailed,
    }
}

fn broken(what: &str) -> MediaError {
    tracing::debug!(what, "answer with media is broken");
    MediaError::RemoteFailed
}
