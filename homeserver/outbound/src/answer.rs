//! What came back: as it arrives, or collected.

use bytes::{Bytes, BytesMut};
use http::{HeaderMap, HeaderName, StatusCode, header};
use reqwest::Url;
use tokio::{
    sync::OwnedSemaphorePermit,
    time::{Instant, timeout_at},
};

use crate::OutboundError;

/// An answer whose body is still to be read, piece by piece, within the bounds of the request.
#[derive(Debug)]
pub struct Download {
    /// Where the answer came from, after all redirects.
    pub url: Url,
    pub(crate) response: reqwest::Response,
    pub(crate) deadline: Instant,
    pub(crate) bytes_max: usize,
    pub(crate) bytes_read: usize,
    /// Held as long as the exchange lasts.
    pub(crate) _permit: OwnedSemaphorePermit,
}

impl Download {
    /// The status; any, also 4xx and 5xx.
    pub fn status(&self) -> StatusCode {
        self.response.status()
    }

    /// The headers.
    pub fn headers(&self) -> &HeaderMap {
        self.response.headers()
    }

    /// A header as text.
    pub fn header(&self, name: &HeaderName) -> Option<&str> {
        self.headers().get(name)?.to_str().ok()
    }

    /// The length that the other side announced.
    pub fn announced_bytes(&self) -> Option<u64> {
        self.header(&header::CONTENT_LENGTH)?.parse().ok()
    }

    /// The same with a narrower bound on its body, in bytes. A wider one changes nothing.
    #[must_use]
    pub fn at_most(mut self, bytes_max: usize) -> Self {
        self.bytes_max = self.bytes_max.min(bytes_max);
        self
    }

    /// The next piece of the body; none at its end.
    ///
    /// # Errors
    /// [`OutboundError::TooLarge`], [`OutboundError::Timeout`] or [`OutboundError::Broken`].
    pub async fn chunk(&mut self) -> Result<Option<Bytes>, OutboundError> {
        let next = timeout_at(self.deadline, self.response.chunk()).await;
        let Some(chunk) = next.map_err(|_| OutboundError::Timeout)?? else { return Ok(None) };
        self.bytes_read = self.bytes_read.saturating_add(chunk.len());
        if self.bytes_read > self.bytes_max {
            return Err(OutboundError::TooLarge { bytes_max: self.bytes_max });
        }
        Ok(Some(chunk))
    }

    /// Reads all of it.
    ///
    /// # Errors
    /// As for [`Download::chunk`]; a length announced beyond the bound is refused before anything is read.
    pub async fn collect(mut self) -> Result<Answer, OutboundError> {
        if self.announced_bytes().is_some_and(|bytes| bytes > self.bytes_max as u64) {
            return Err(OutboundError::TooLarge { bytes_max: self.bytes_max });
        }
        let mut body = BytesMut::new();
        while let Some(chunk) = self.chunk().await? {
            body.extend_from_slice(&chunk);
        }
        let (status, headers) = (self.status(), self.headers().clone());
        Ok(Answer { url: self.url, status, headers, body: body.freeze() })
    }
}

/// A whole answer.
#[derive(Clone, Debug)]
pub struct Answer {
    /// Where the answer came from, after all redirects.
    pub url: Url,
    /// The status; any, also 4xx and 5xx.
    pub status: StatusCode,
    /// The headers.
    pub headers: HeaderMap,
    /// The body.
    pub body: Bytes,
}
