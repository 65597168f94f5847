//! The way over HTTP: the request as the specification has it, and what its answer means for the next try.

use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use http::{StatusCode, header};
use outbound::{Answer, Download, Limits, Outbound, OutboundError, Request, Url};
use ruma::UserId;
use serde_json::Value;

use super::{Body, Call, CallError, FileStream, Wire};
use crate::limits::{
    ANSWER_BYTES_MAX, DOWNLOAD_BYTES_MAX, REQUEST_TIME_MAX, STREAM_BYTES_MAX, STREAM_TIME_MAX,
};

/// The homeserver over HTTP.
pub struct HttpWire {
    outbound: Outbound,
    base: Url,
    as_token: String,
}

impl HttpWire {
    /// The homeserver at `base_url`; `outbound` must be one that may go there.
    ///
    /// # Errors
    /// What is wrong with the address.
    pub fn new(outbound: Outbound, base_url: &str, as_token: String) -> Result<Self, String> {
        let base = Url::parse(base_url).map_err(|error| error.to_string())?;
        if base.cannot_be_a_base() || !matches!(base.scheme(), "http" | "https") {
            return Err("it must begin with http:// or https://".to_owned());
        }
        Ok(Self { outbound, base, as_token })
    }

    /// What the homeserver answers, whatever that is.
    async fn ask(&self, user: &UserId, call: Call, bytes_max: usize) -> Result<Answer, OutboundError> {
        let limits = Limits { bytes_max, time_max: REQUEST_TIME_MAX, redirects_max: 0 };
        self.begin(user, call, limits).await?.collect().await
    }

    /// The same from the moment at which its head is there.
    async fn begin(&self, user: &UserId, call: Call, limits: Limits) -> Result<Download, OutboundError> {
        let mut url = self.base.clone();
        if let Ok(mut path) = url.path_segments_mut() {
            // An empty state key is left out of the path.
            let parts = call.path.iter().filter(|part| !part.is_empty());
            path.pop_if_empty().push("_matrix").extend(parts);
        }
        url.query_pairs_mut().append_pair("user_id", user.as_str()).extend_pairs(&call.query);
        let request = Request::new(call.method, url)
            .header(header::AUTHORIZATION.as_str(), &format!("Bearer {}", self.as_token));
        let request = match call.body {
            Body::Empty => request,
            Body::Json(json) => {
                request.header(header::CONTENT_TYPE.as_str(), "application/json").body(json.to_string())
            }
            Body::File(mimetype, bytes) => {
                request.header(header::CONTENT_TYPE.as_str(), &mimetype).body(bytes)
            }
        };
        self.outbound.open(request, limits).await
    }
}

#[async_trait]
impl Wire for HttpWire {
    async fn call(&self, user: &UserId, call: Call) -> Result<Value, CallError> {
        let answer = self.ask(user, call, ANSWER_BYTES_MAX).await;
        let answer = answer.map_err(|error| CallError::Unreachable(error.to_string()))?;
        if !answer.status.is_success() {
            return Err(refusal(&answer, false));
        }
        serde_json::from_slice(&answer.body)
            .map_err(|error| CallError::Unreachable(format!("the answer is no JSON: {error}")))
    }

    async fn download(&self, user: &UserId, call: Call) -> Result<Bytes, CallError> {
        let is_elsewhere = is_elsewhere(user, &call);
        match self.ask(user, call, DOWNLOAD_BYTES_MAX).await {
            Ok(answer) if answer.status.is_success() => Ok(answer.body),
            Ok(answer) => Err(refusal(&answer, true)),
            Err(error) => Err(cut_off(&error, is_elsewhere)),
        }
    }

    async fn open(&self, user: &UserId, call: Call) -> Result<FileStream, CallError> {
        let is_elsewhere = is_elsewhere(user, &call);
        let cut_off = move |error: OutboundError| cut_off(&error, is_elsewhere);
        let limits = Limits { bytes_max: STREAM_BYTES_MAX, time_max: STREAM_TIME_MAX, redirects_max: 0 };
        let download = self.begin(user, call, limits).await.map_err(cut_off)?;
        if !download.status().is_success() {
            let answer = download.at_most(ANSWER_BYTES_MAX).collect().await;
            return Err(refusal(&answer.map_err(cut_off)?, true));
        }
        let bytes = download.announced_bytes();
        let pieces = futures_util::stream::try_unfold(download, move |mut download| async move {
            let piece = download.chunk().await.map_err(cut_off)?;
            Ok::<_, CallError>(piece.map(|piece| (piece, download)))
        });
        Ok(FileStream { bytes, pieces: Box::pin(pieces) })
    }
}

/// Whether a file is one of another server.
fn is_elsewhere(user: &UserId, call: &Call) -> bool {
    call.path.iter().rev().nth(1).is_some_and(|server| server != user.server_name().as_str())
}

/// What it means that no answer, or not all of it, was to be had for a file.
fn cut_off(error: &OutboundError, is_elsewhere: bool) -> CallError {
    let refused = |status: StatusCode, code: &str| CallError::Refused {
        status: status.as_u16(),
        code: code.to_owned(),
        message: error.to_string(),
    };
    match error {
        // It is as large the next time: whoever waits for it would wait for ever.
        OutboundError::TooLarge { .. } => refused(StatusCode::PAYLOAD_TOO_LARGE, "M_TOO_LARGE"),
        // Another server may take its time for ever, and the homeserver begins anew with each try.
        OutboundError::Timeout if is_elsewhere => refused(StatusCode::GATEWAY_TIMEOUT, "M_UNKNOWN"),
        _ => CallError::Unreachable(error.to_string()),
    }
}

/// What an answer that is no success means for the next try. Whether a file was asked for matters: those of other servers the
/// homeserver has to ask for itself.
fn refusal(answer: &Answer, is_file: bool) -> CallError {
    let body: Value = serde_json::from_slice(&answer.body).unwrap_or_default();
    let text = |key: &str| body[key].as_str().unwrap_or_default().to_owned();
    let (status, code) = (answer.status, text("errcode"));
    if status == StatusCode::TOO_MANY_REQUESTS || code == "M_LIMIT_EXCEEDED" {
        let header = answer.headers.get(header::RETRY_AFTER).and_then(|value| value.to_str().ok());
        let seconds = header.and_then(|value| value.parse().ok()).map(Duration::from_secs);
        let from_body = body["retry_after_ms"].as_u64().map(Duration::from_millis);
        return CallError::Limited(seconds.or(from_body));
    }
    // The homeserver may learn of our registration later: nothing is given up for it.
    let is_stranger = matches!(code.as_str(), "M_UNKNOWN_TOKEN" | "M_MISSING_TOKEN");
    // The other server does not answer, or nobody uploaded the file: that may be so for ever, and the homeserver is well. What a
    // proxy before it answers has no code.
    let is_elsewhere = is_file && [StatusCode::BAD_GATEWAY, StatusCode::GATEWAY_TIMEOUT].contains(&status);
    if is_stranger || (status.is_server_error() && !is_elsewhere) || code.is_empty() {
        return CallError::Unreachable(format!("{status} {code} {}", text("error")));
    }
    CallError::Refused { status: status.as_u16(), code, message: text("error") }
}

#[cfg(test)]
mod tests {
    use http::HeaderMap;

    use super::*;

    #[test]
    fn a_file_that_another_server_does_not_give_is_refused_and_a_homeserver_that_is_away_is_not() {
        let refused = |status: StatusCode, body: &'static str, is_file| {
            let url = Url::parse("http://test/").unwrap();
            let answer = Answer { url, status, headers: HeaderMap::new(), body: Bytes::from(body) };
            matches!(refusal(&answer, is_file), CallError::Refused { .. })
        };
        let said = r#"{"errcode":"M_UNKNOWN","error":"away"}"#;
        for status in [StatusCode::BAD_GATEWAY, StatusCode::GATEWAY_TIMEOUT] {
            assert!(refused(status, said, true));
            assert!(!refused(status, said, false), "only files are elsewhere");
            assert!(!refused(status, "<html>", true), "a proxy says so");
        }
        for status in [StatusCode::INTERNAL_SERVER_ERROR, StatusCode::SERVICE_UNAVAILABLE] {
            assert!(!refused(status, said, true));
        }
    }
}
