//! Requests that a platform makes to us: webhooks and the buttons of cards.

use async_trait::async_trait;
use bytes::Bytes;

use crate::Inbox;

/// A request of a platform, raw: signatures are over these very bytes.
#[derive(Clone, Debug)]
pub struct CallbackRequest {
    /// `GET` or `POST`.
    pub method: String,
    /// What stands after the question mark, not decoded.
    pub query: String,
    /// The headers, names in lower case.
    pub headers: Vec<(String, String)>,
    /// The body, at most [`crate::limits::CALLBACK_BYTES_MAX`].
    pub body: Bytes,
}

impl CallbackRequest {
    /// The first header of this name, whatever the case.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers
            .iter()
            .find(|(known, _)| known.eq_ignore_ascii_case(name))
            .map(|(_, value)| value.as_str())
    }
}

/// What the platform is answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CallbackAnswer {
    /// The status.
    pub status: u16,
    /// The media type of the body.
    pub content_type: &'static str,
    /// The body.
    pub body: Bytes,
}

/// A connector that platforms call by HTTP.
#[async_trait]
pub trait Callbacks: Send + Sync {
    /// Checks a request, hands in what it brings and answers, within [`crate::limits::CALLBACK_TIME_MAX`]. Forged requests get
    /// a 4xx and leave no trace but a log line.
    async fn call(&self, request: CallbackRequest, inbox: &dyn Inbox) -> CallbackAnswer;
}
