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

/// Why a request is turned away.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CallbackRefused {
    /// It is none of the platform's.
    Forged(&'static str),
    /// It is the platform's and says nothing.
    Senseless(&'static str),
    /// What it brings is not durable; the platform sends it again.
    NotKept,
}

impl CallbackRefused {
    /// The status and the words of the answer. The log is told why; whoever forged a request is not.
    pub fn answered(self) -> (u16, &'static str) {
        match self {
            Self::Forged(reason) => {
                tracing::warn!(reason, "a forged callback is refused");
                (403, "refused")
            }
            Self::Senseless(reason) => {
                tracing::warn!(reason, "a callback without sense is refused");
                (400, reason)
            }
            Self::NotKept => (503, "try again"),
        }
    }
}
