//! Requests and answers on the wire, within their bounds. No word of an error holds an address.

use std::time::Duration;

use bridge_api::exchange::reasons;
use bytes::{Bytes, BytesMut};
use http::HeaderMap;
use reqwest::{RequestBuilder, Response};
use tokio::time::timeout;

use super::{
    envelope::{Answer, trace_of},
    error::CallError,
};
use crate::limits::ANSWER_BYTES_MAX;

/// Sends a request and waits for the head of the answer.
///
/// # Errors
/// [`CallError::Unreachable`].
pub async fn sent(request: RequestBuilder, time_max: Duration) -> Result<Response, CallError> {
    match timeout(time_max, request.send()).await {
        Ok(Ok(response)) => Ok(response),
        // The address holds no secret here, yet a log line needs none of it.
        Ok(Err(error)) => Err(CallError::Unreachable(reasons(error))),
        Err(_) => Err(CallError::Unreachable("no answer in time".to_owned())),
    }
}

/// Reads an answer to its end, within its bounds.
///
/// # Errors
/// See [`CallError`].
pub async fn read(response: Response, time_max: Duration) -> Result<Answer, CallError> {
    let (status, headers) = (response.status().as_u16(), response.headers().clone());
    let body = timeout(time_max, body_of(response, status, &headers));
    let body =
        body.await.map_err(|_| CallError::Unreachable("the answer did not end in time".to_owned()))??;
    Answer::read(status, &headers, &body)
}

async fn body_of(mut response: Response, status: u16, headers: &HeaderMap) -> Result<Bytes, CallError> {
    let mut body = BytesMut::new();
    loop {
        match response.chunk().await {
            Ok(Some(chunk)) if body.len() + chunk.len() > ANSWER_BYTES_MAX => {
                let reason = format!("{} bytes and more are not read", body.len() + chunk.len());
                return Err(CallError::Unexpected { status, reason, trace: trace_of(headers) });
            }
            Ok(Some(chunk)) => body.extend_from_slice(&chunk),
            Ok(None) => return Ok(body.freeze()),
            Err(error) => return Err(CallError::Unreachable(reasons(error))),
        }
    }
}
