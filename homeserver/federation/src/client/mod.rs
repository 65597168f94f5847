//! Signed requests to other servers: found, guarded, bounded, and not sent to whom we do not talk with.
//!
//! [Request authentication](https://spec.matrix.org/v1.19/server-server-api/#request-authentication). The client speaks
//! HTTP/1.1, because there the `Host` header may differ from the name that the certificate is demanded for and from the
//! host that is connected to, as discovery wants it.

mod errors;
mod exchange;
mod transport;

use std::{sync::Arc, time::Duration};

use bytes::Bytes;
use http::Method;
use outbound::Download;
use ruma::{
    OwnedServerName, ServerName,
    api::{IncomingResponse, OutgoingBody as _, OutgoingRequest, path_builder::SinglePath},
};

pub use self::errors::ClientError;
use self::transport::Network;
use crate::{
    FederationParts, OwnKeys, Policy, Reach,
    discovery::Discovery,
    limits::{ANSWER_BYTES_MAX, REQUEST_TIME_MAX, TRANSACTION_TIME_MAX},
};

/// The bounds of one request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Time for everything: finding the server, connecting, the whole answer.
    pub time_max: Duration,
    /// Bytes of the answer's body.
    pub bytes_max: usize,
    /// Asks also a server that could not be reached a moment ago.
    pub insists: bool,
}

impl Default for Limits {
    fn default() -> Self {
        Self { time_max: REQUEST_TIME_MAX, bytes_max: ANSWER_BYTES_MAX, insists: false }
    }
}

impl Limits {
    /// With this much time.
    #[must_use]
    pub fn within(self, time_max: Duration) -> Self {
        Self { time_max, ..self }
    }

    /// With an answer of at most this many bytes.
    #[must_use]
    pub fn up_to(self, bytes_max: usize) -> Self {
        Self { bytes_max, ..self }
    }

    /// Whatever happened a moment ago.
    #[must_use]
    pub fn insisting(self) -> Self {
        Self { insists: true, ..self }
    }
}

/// Asks other servers. Cloning it is one reference count.
#[derive(Clone)]
pub struct Client(Arc<Inner>);

struct Inner {
    server_name: OwnedServerName,
    own_keys: OwnKeys,
    policy: Policy,
    reach: Reach,
    network: Network,
}

impl Client {
    pub(crate) fn new(parts: &FederationParts, policy: Policy, reach: Reach, discovery: Discovery) -> Self {
        Self(Arc::new(Inner {
            server_name: parts.server_name.clone(),
            own_keys: parts.own_keys.clone(),
            policy,
            reach,
            network: Network { discovery, outbound: parts.outbound.clone() },
        }))
    }

    /// Asks and reads the answer.
    ///
    /// # Errors
    /// See [`ClientError`].
    pub async fn send<R>(
        &self,
        destination: &ServerName,
        request: R,
        limits: Limits,
    ) -> Result<R::IncomingResponse, ClientError>
    where
        R: OutgoingRequest<PathBuilder = SinglePath>,
    {
        let request = built(request)?;
        let answer = self.ask(destination, request, limits).await?;
        let mut response = http::Response::new(&*answer.body);
        *response.status_mut() = answer.status;
        *response.headers_mut() = answer.headers;
        R::IncomingResponse::try_from_http_response_inner(response)
            .map_err(|error| ClientError::BadAnswer(error.to_string()))
    }

    /// Asks and hands the answer out piece by piece.
    ///
    /// # Errors
    /// See [`ClientError`]; an answer with another status than 200 is one.
    pub async fn open<R>(
        &self,
        destination: &ServerName,
        request: R,
        limits: Limits,
    ) -> Result<Download, ClientError>
    where
        R: OutgoingRequest<PathBuilder = SinglePath>,
    {
        self.open_built(destination, &built(request)?, limits).await
    }

    /// The same for the `GET` of a path (with its query, escaped) of which ruma's federation knows nothing.
    ///
    /// # Errors
    /// As [`Client::open`].
    pub async fn open_path(
        &self,
        destination: &ServerName,
        path: &str,
        limits: Limits,
    ) -> Result<Download, ClientError> {
        let request = http::Request::builder().uri(path).body(Bytes::new());
        let request = request.map_err(|error| ClientError::Request(error.to_string()))?;
        self.open_built(destination, &request, limits).await
    }

    async fn open_built(
        &self,
        destination: &ServerName,
        request: &http::Request<Bytes>,
        limits: Limits,
    ) -> Result<Download, ClientError> {
        let download = self.exchange(destination, request, limits).await?;
        if download.status() == http::StatusCode::OK {
            return Ok(download);
        }
        Err(exchange::refusal(&download.collect().await?))
    }

    /// Sends a transaction whose bytes are frozen, and gives the body of the answer. Asks also a server that could not
    /// be reached a moment ago: when a queue goes out is for the queue to say.
    ///
    /// # Errors
    /// See [`ClientError`].
    pub async fn put_transaction(
        &self,
        destination: &ServerName,
        txn_id: &str,
        body: Bytes,
    ) -> Result<Bytes, ClientError> {
        let path = format!("/_matrix/federation/v1/send/{}", escaped(txn_id));
        let limits = Limits::default().within(TRANSACTION_TIME_MAX).insisting();
        self.request_json(destination, Method::PUT, &path, Some(body), limits).await
    }

    /// Sends JSON as it is to a path (with its query, escaped), and gives the body of the answer.
    ///
    /// # Errors
    /// See [`ClientError`].
    pub async fn request_json(
        &self,
        destination: &ServerName,
        method: Method,
        path: &str,
        body: Option<Bytes>,
        limits: Limits,
    ) -> Result<Bytes, ClientError> {
        let mut request = http::Request::builder().method(method).uri(path);
        if body.is_some() {
            request = request.header(http::header::CONTENT_TYPE, "application/json");
        }
        let request = request.body(body.unwrap_or_default());
        let request = request.map_err(|error| ClientError::Request(error.to_string()))?;
        Ok(self.ask(destination, request, limits).await?.body)
    }
}

/// The request as it goes out, but for where to and the signature.
fn built<R>(request: R) -> Result<http::Request<Bytes>, ClientError>
where
    R: OutgoingRequest<PathBuilder = SinglePath>,
{
    let failed = |error: ruma::api::error::IntoHttpError| ClientError::Request(error.to_string());
    let request = request.try_into_http_request_inner("https://peer.invalid", ()).map_err(failed)?;
    let (mut parts, body) = request.into_parts();
    if let Some(content_type) = body.content_type() {
        parts.headers.entry(http::header::CONTENT_TYPE).or_insert(content_type);
    }
    let body: Vec<u8> = body.try_into_buf().map_err(|error| failed(error.into()))?;
    Ok(http::Request::from_parts(parts, body.into()))
}

/// Escapes one segment of a path.
pub(crate) fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for byte in text.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'~' => out.push(char::from(byte)),
            other => out.push_str(&format!("%{other:02X}")),
        }
    }
    out
}
