//! Addresses, requests and bodies, within their bounds. No word of an error holds an address: it may hold a token.

use std::time::Duration;

use bytes::BytesMut;
use http::{HeaderMap, header};
use reqwest::{RequestBuilder, Response, Url};
use tokio::time::timeout;

use super::error::{CallError, Meaning};
use crate::limits::ANSWER_BYTES_MAX;

/// A path below an address of the API.
///
/// # Errors
/// When the address takes none.
pub fn joined(base: &Url, path: &str) -> Result<Url, CallError> {
    let mut url = base.clone();
    url.path_segments_mut()
        .map_err(|()| CallError::ours(Meaning::SetUp, "the address of the API takes no path"))?
        .pop_if_empty()
        .extend(path.trim_start_matches('/').split('/'));
    Ok(url)
}

/// Sends a request and waits for the head of the answer.
///
/// # Errors
/// [`Meaning::Unreachable`] when nothing was sent, [`Meaning::Unknown`] when there is no answer.
pub async fn sent(request: RequestBuilder, time_max: Duration) -> Result<Response, CallError> {
    match timeout(time_max, request.send()).await {
        Ok(Ok(response)) => Ok(response),
        // The address may hold a token, so no word of it is told.
        Ok(Err(error)) if error.is_connect() => Err(CallError::ours(
            Meaning::Unreachable,
            format!("the platform is not reached: {}", error.without_url()),
        )),
        Ok(Err(error)) => {
            Err(CallError::ours(Meaning::Unknown, format!("no answer: {}", error.without_url())))
        }
        Err(_) => Err(CallError::ours(Meaning::Unknown, "no answer in time")),
    }
}

/// The whole body of an answer.
///
/// # Errors
/// [`Meaning::Unknown`] when it does not come whole, or is too long.
pub async fn body_of(mut response: Response) -> Result<BytesMut, CallError> {
    let mut body = BytesMut::new();
    loop {
        match response.chunk().await {
            Ok(Some(chunk)) if body.len() + chunk.len() > ANSWER_BYTES_MAX => {
                return Err(CallError::ours(Meaning::Unknown, "the answer is too long to be read"));
            }
            Ok(Some(chunk)) => body.extend_from_slice(&chunk),
            Ok(None) => return Ok(body),
            Err(error) => {
                return Err(CallError::ours(
                    Meaning::Unknown,
                    format!("no whole answer: {}", error.without_url()),
                ));
            }
        }
    }
}

/// What the response says of a header, as far as it is text.
pub fn header_text(headers: &HeaderMap, name: header::HeaderName) -> Option<String> {
    headers.get(name).and_then(|value| value.to_str().ok()).map(str::to_owned)
}
