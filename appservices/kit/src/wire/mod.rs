//! Requests to the homeserver: what one is, what can come of it, and how it goes over HTTP.

mod over_http;

use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use futures_util::stream::BoxStream;
use http::Method;
use ruma::UserId;
use serde_json::Value;

pub use self::over_http::HttpWire;

/// A request to the client-server API.
#[derive(Clone, Debug)]
pub struct Call {
    /// The method.
    pub method: Method,
    /// The parts of the path behind `/_matrix/`, not encoded.
    pub path: Vec<String>,
    /// The query beside `user_id`.
    pub query: Vec<(&'static str, String)>,
    /// The body.
    pub body: Body,
}

/// The body of a request.
#[derive(Clone, Debug)]
pub enum Body {
    /// None.
    Empty,
    /// JSON.
    Json(Value),
    /// A file of this type.
    File(String, Bytes),
}

impl Call {
    /// A request without a body.
    #[must_use]
    pub fn new(method: Method, path: &[&str]) -> Self {
        let path = path.iter().map(|part| (*part).to_owned()).collect();
        Self { method, path, query: Vec::new(), body: Body::Empty }
    }

    /// The same with a JSON body.
    #[must_use]
    pub fn json(self, body: Value) -> Self {
        Self { body: Body::Json(body), ..self }
    }
}

/// Why a request came to nothing.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CallError {
    /// Too many requests; to be repeated after this time.
    #[error("the homeserver asks for a pause")]
    Limited(Option<Duration>),
    /// It will not work, however often it is asked for.
    #[error("the homeserver refuses with {status} {code}: {message}")]
    Refused {
        /// The status.
        status: u16,
        /// The `errcode`.
        code: String,
        /// The `error`.
        message: String,
    },
    /// The homeserver is away, overloaded, or does not know the bots (yet).
    #[error("the homeserver cannot be asked: {0}")]
    Unreachable(String),
}

impl CallError {
    /// Whether the homeserver refused with this code.
    #[must_use]
    pub fn is(&self, wanted: &str) -> bool {
        match self {
            Self::Refused { code, .. } => code == wanted,
            Self::Limited(_) | Self::Unreachable(_) => false,
        }
    }
}

/// A file as it arrives.
pub struct FileStream {
    /// How many bytes it has, where the homeserver says so.
    pub bytes: Option<u64>,
    /// Its pieces; after an error there are none.
    pub pieces: BoxStream<'static, Result<Bytes, CallError>>,
}

/// A way to the homeserver: HTTP, or the double of tests.
#[async_trait]
pub trait Wire: Send + Sync {
    /// Asks as this user of ours and returns the JSON of a success.
    ///
    /// # Errors
    /// See [`CallError`].
    async fn call(&self, user: &UserId, call: Call) -> Result<Value, CallError>;

    /// Reads a file as this user of ours.
    ///
    /// # Errors
    /// See [`CallError`].
    async fn download(&self, user: &UserId, call: Call) -> Result<Bytes, CallError>;

    /// Reads a file as this user of ours without having all of it in memory, at most [`crate::limits::STREAM_BYTES_MAX`] bytes
    /// within [`crate::limits::STREAM_TIME_MAX`].
    ///
    /// # Errors
    /// See [`CallError`].
    async fn open(&self, user: &UserId, call: Call) -> Result<FileStream, CallError>;
}
