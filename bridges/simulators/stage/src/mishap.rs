//! How requests and answers get lost on their way, whatever they say.

use std::time::Duration;

use axum::body::Body;
use axum::response::Response;
use bytes::Bytes;
use futures_util::stream;
use http::StatusCode;
use http::header::CONTENT_LENGTH;
use http_body_util::BodyExt as _;

use crate::faults::common::Fault;
use crate::play::Play;
use crate::stage::Stage;

/// What happens to a request before anything is done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Before {
    /// Its connection breaks: answer with [`broken`].
    Broken,
    /// It is answered with this status, and not in the platform's words.
    Status(StatusCode),
}

/// What happens to an answer after all was done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum After {
    /// Its connection breaks before its first byte.
    Broken,
    /// Its connection breaks in the middle.
    Truncated,
}

/// Waits where a fault wants that, and says what becomes of a request to this path.
pub async fn before<P: Play>(play: &P, path: &str) -> Option<Before> {
    if let Some(wait_ms) = play.with_stage(|stage| stage.faults.take_on(Fault::ApiSlow, path)) {
        tokio::time::sleep(Duration::from_millis(wait_ms.as_u64().unwrap_or(1_000))).await;
    }
    play.with_stage(|stage| {
        if stage.faults.take_on(Fault::ApiDisconnected, path).is_some() {
            return Some(Before::Broken);
        }
        let status = stage.faults.take_on(Fault::ApiServerError, path)?;
        let status = status.as_u64().and_then(|status| u16::try_from(status).ok());
        let status = status.and_then(|status| StatusCode::from_u16(status).ok());
        Some(Before::Status(status.unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)))
    })
}

/// What becomes of the answer to a request to this path.
pub fn after(stage: &mut Stage, path: &str) -> Option<After> {
    if stage.faults.take_on(Fault::ApiAnswerLost, path).is_some() {
        return Some(After::Broken);
    }
    stage.faults.take_on(Fault::ApiTruncated, path).map(|_| After::Truncated)
}

impl After {
    /// What is left of an answer.
    pub async fn lose(self, answer: Response) -> Response {
        match self {
            Self::Broken => broken(Bytes::new()),
            Self::Truncated => truncated(answer).await,
        }
    }
}

/// An answer whose connection breaks after these bytes.
pub fn broken(first: Bytes) -> Response {
    let parts = [Ok(first), Err(std::io::Error::other("broken"))];
    Response::new(Body::from_stream(stream::iter(parts)))
}

/// The first half of an answer, and then nothing.
pub async fn truncated(answer: Response) -> Response {
    let (mut parts, body) = answer.into_parts();
    let bytes = body.collect().await.map(|body| body.to_bytes()).unwrap_or_default();
    parts.headers.remove(CONTENT_LENGTH);
    let (_, half) = broken(bytes.slice(..bytes.len() / 2)).into_parts();
    Response::from_parts(parts, half)
}
