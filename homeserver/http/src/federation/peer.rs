//! The extractor of what another server has signed.
//!
//! The order is fixed: the header is read, the destination compared, the policy asked, a turn by address waited for, the
//! body read within its bound, the signature checked over method, address and body with a key that is valid now, and
//! then a turn of the server that signed waited for.
//! <https://spec.matrix.org/v1.19/server-server-api/#request-authentication>

use axum::extract::FromRequestParts as _;
use axum::extract::{FromRequest, RawPathParams, Request};
use bytes::Bytes;
use federation::Pass;
use http::{Method, StatusCode};
use rules::canonical::nests_deeper;
use ruma::{
    OwnedServerName, ServerName,
    api::{
        IncomingRequest, IncomingRequestExt as _,
        error::ErrorCode,
        federation::authentication::{XMatrix, XMatrixExtractError},
    },
    signatures::PublicKeyMap,
};

use crate::{
    App, MatrixError,
    extract::{ClientInfo, RumaExtractor, read_body},
    limits::{FEDERATION_BODY_BYTES_MAX, JSON_DEPTH_MAX},
};

/// What an empty body stands for.
const EMPTY_OBJECT: &[u8] = b"{}";

/// A request that another server has signed.
pub struct Peer<R> {
    /// The server.
    pub origin: OwnedServerName,
    /// What is asked.
    pub request: R,
    /// Held as long as the request is worked on.
    _pass: Pass,
}

impl<R: IncomingRequest + Send + 'static> FromRequest<App> for Peer<R> {
    type Rejection = MatrixError;

    async fn from_request(request: Request, app: &App) -> Result<Self, MatrixError> {
        let (mut parts, body) = request.into_parts();
        let header = header(&parts, app)?;
        let origin = header.origin.clone();
        let address = ClientInfo::of(&parts, app).address;
        let too_many = || MatrixError::limit_exceeded(1_000);
        let unverified = app.federation.gate().enter_unverified(address).await.ok_or_else(too_many)?;
        let arguments = RawPathParams::from_request_parts(&mut parts, app)
            .await
            .map_err(|_| MatrixError::invalid_param("The path is not valid UTF-8"))?;
        let body = match parts.method {
            // A body of a GET means nothing, whatever it holds.
            Method::GET | Method::HEAD => Bytes::new(),
            _ => read_body(app, &parts.headers, body, FEDERATION_BODY_BYTES_MAX).await?,
        };
        if std::str::from_utf8(&body).is_err() {
            return Err(MatrixError::not_json("The body is not valid UTF-8"));
        }
        if nests_deeper(&body, JSON_DEPTH_MAX) {
            return Err(MatrixError::bad_json("The JSON is nested too deeply"));
        }
        if !body.is_empty() && serde_json::from_slice::<serde::de::IgnoredAny>(&body).is_err() {
            return Err(MatrixError::not_json("The body is not JSON"));
        }
        let request = http::Request::from_parts(parts, body);
        verify(app, &header, &request).await?;
        let pass = app.federation.gate().enter(&origin).await.ok_or_else(too_many)?;
        drop(unverified);
        app.federation.heard_from(&origin).await;

        let (parts, body) = request.into_parts();
        let body = if body.is_empty() && parts.method != Method::GET { EMPTY_OBJECT } else { &*body };
        let arguments: Vec<&str> = arguments.iter().map(|(_, value)| value).collect();
        let request = R::try_from_http_request(http::Request::from_parts(parts, body), &arguments)?;
        Ok(Self { origin, request, _pass: pass })
    }
}

impl<R: IncomingRequest + Send + 'static> RumaExtractor for Peer<R> {
    type Request = R;
}

/// Reads the header; who is not for us, or whom we do not talk with, ends here.
fn header(parts: &http::request::Parts, app: &App) -> Result<XMatrix, MatrixError> {
    let header = XMatrix::extract_from_http_headers(&parts.headers).map_err(|error| match error {
        XMatrixExtractError::MissingAuthorizationHeader => {
            unauthorized("The request is not signed: the header Authorization is missing")
        }
        error => unauthorized(format!("The header Authorization cannot be read: {error}")),
    })?;
    let is_ours = |destination: &OwnedServerName| *destination == app.settings.server_name;
    if !header.destination.as_ref().is_none_or(is_ours) {
        return Err(unauthorized("The request is signed for another server"));
    }
    if header.origin == app.settings.server_name {
        return Err(unauthorized("The request says that it comes from this server itself"));
    }
    allow(app, &header.origin, parts.uri.path())?;
    Ok(header)
}

fn allow(app: &App, origin: &ServerName, path: &str) -> Result<(), MatrixError> {
    let policy = app.federation.policy();
    if policy.allows_path(origin, path) {
        return Ok(());
    }
    if policy.allows(origin) {
        return Err(MatrixError::forbidden("This server shares no rooms with yours"));
    }
    tracing::debug!(%origin, "request of a server that we do not talk with");
    Err(MatrixError::forbidden("This server does not talk with yours"))
}

async fn verify(app: &App, header: &XMatrix, request: &http::Request<Bytes>) -> Result<(), MatrixError> {
    let keys = app.federation.ring().key_now(&header.origin, header.key.as_str()).await;
    if keys.is_empty() {
        return Err(unauthorized(format!("The key {} of {} cannot be had", header.key, header.origin)));
    }
    let keys = PublicKeyMap::from([(header.origin.to_string(), keys)]);
    header.verify_http_request(request, &app.settings.server_name, &keys).map_err(|error| {
        tracing::debug!(origin = %header.origin, %error, "signature of a request is wrong");
        unauthorized(format!("The signature of the request is wrong: {error}"))
    })
}

fn unauthorized(message: impl Into<std::borrow::Cow<'static, str>>) -> MatrixError {
    MatrixError::new(StatusCode::UNAUTHORIZED, ErrorCode::Unauthorized, message)
}
