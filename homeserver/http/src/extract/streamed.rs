//! Requests whose body is too large for memory: the handler takes it piece by piece.

use std::time::Duration;

use axum::{
    body::Body,
    extract::{FromRequest, FromRequestParts as _, Query, RawPathParams, Request},
};
use bytes::Bytes;
use http::{
    HeaderMap, StatusCode,
    header::{CONTENT_LENGTH, CONTENT_TYPE},
};
use http_body_util::BodyExt as _;
use ruma::api::{IncomingRequest, error::ErrorCode};
use serde::Deserialize;
use tokio::time::{Instant, timeout, timeout_at};

use super::{Caller, RumaExtractor, body::refuse_encodings, suspension, token};
use crate::{
    Action, App, MatrixError,
    limits::{BODY_TIMEOUT_MS_MAX, DISCARDED_BYTES_MAX, UPLOAD_TIMEOUT_MS_MAX},
};

/// An upload of a registered user under the paths that ruma knows for `R`. Compressed and multipart
/// bodies are refused before anything is read.
pub struct Streamed<R> {
    /// Who sends it.
    pub caller: Caller,
    /// Decoded path arguments, in order.
    pub path: Vec<String>,
    /// `?filename=`.
    pub file_name: Option<String>,
    /// `Content-Type`.
    pub content_type: Option<String>,
    /// `Content-Length`.
    pub announced_bytes: Option<u64>,
    /// The body.
    pub body: StreamedBody,
    kind: std::marker::PhantomData<fn() -> R>,
}

#[derive(Deserialize)]
struct FileName {
    filename: Option<String>,
}

impl<R: IncomingRequest + Send + 'static> FromRequest<App> for Streamed<R> {
    type Rejection = MatrixError;

    async fn from_request(request: Request, app: &App) -> Result<Self, MatrixError> {
        let (mut parts, body) = request.into_parts();
        let token = token::access_token(&parts)?.ok_or_else(MatrixError::missing_token)?;
        let caller = token::authenticate(app, &token, &parts).await?;
        if caller.is_guest {
            return Err(MatrixError::guest_forbidden());
        }
        suspension::check::<R>(&caller)?;
        app.limits.caller(&caller, Action::Media)?;
        refuse_encodings(&parts.headers)?;
        let arguments = RawPathParams::from_request_parts(&mut parts, app)
            .await
            .map_err(|_| MatrixError::invalid_param("The path is not valid UTF-8"))?;
        let path = arguments.iter().map(|(_, value)| value.to_owned()).collect();
        let Query(FileName { filename }) =
            Query::try_from_uri(&parts.uri).map_err(|error| MatrixError::invalid_param(error.to_string()))?;
        Ok(Self {
            caller,
            path,
            file_name: filename,
            content_type: text(&parts.headers, &CONTENT_TYPE).map(str::to_owned),
            announced_bytes: text(&parts.headers, &CONTENT_LENGTH).and_then(|text| text.parse().ok()),
            body: StreamedBody { body, deadline: Instant::now() + UPLOAD_TIME_MAX },
            kind: std::marker::PhantomData,
        })
    }
}

impl<R: IncomingRequest + Send + 'static> RumaExtractor for Streamed<R> {
    type Request = R;
}

const UPLOAD_TIME_MAX: Duration = Duration::from_millis(UPLOAD_TIMEOUT_MS_MAX);
const SILENCE_MAX: Duration = Duration::from_millis(BODY_TIMEOUT_MS_MAX);

fn text<'a>(headers: &'a HeaderMap, name: &http::HeaderName) -> Option<&'a str> {
    headers.get(name)?.to_str().ok()
}

/// A body on its way in.
pub struct StreamedBody {
    body: Body,
    deadline: Instant,
}

impl StreamedBody {
    /// The next piece; none at the end.
    ///
    /// # Errors
    /// 408 when the client falls silent or takes too long altogether, 400 when it hangs up.
    pub async fn next(&mut self) -> Result<Option<Bytes>, MatrixError> {
        loop {
            let frame = timeout_at(self.deadline, timeout(SILENCE_MAX, self.body.frame())).await;
            let Ok(Ok(frame)) = frame else {
                return Err(MatrixError::new(
                    StatusCode::REQUEST_TIMEOUT,
                    ErrorCode::Unknown,
                    "The request body did not arrive in time",
                ));
            };
            let Some(frame) = frame else { return Ok(None) };
            let frame = frame.map_err(|_| MatrixError::bad_request("The request body broke off"))?;
            if let Ok(data) = frame.into_data() {
                return Ok(Some(data));
            }
        }
    }

    /// Reads on for a while and keeps nothing: many clients send all of a body before they look at the
    /// answer, and would only see a broken connection otherwise.
    pub async fn discard(mut self) {
        let mut read = 0_usize;
        while let Ok(Some(data)) = self.next().await {
            read = read.saturating_add(data.len());
            if read > DISCARDED_BYTES_MAX {
                break;
            }
        }
    }
}
