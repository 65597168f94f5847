//! One exchange: policy, back-off, signature, transport, and what it says of the server.

use bytes::Bytes;
use outbound::{Answer, Download, OutboundError};
use ruma::{
    ServerName,
    api::federation::authentication::{XMatrix, XMatrixSigningInput},
};
use serde::Deserialize;
use tokio::time::Instant;

use super::{Client, ClientError, Limits};
/// Characters of a peer's words that are kept.
const WORDS_MAX: usize = 200;

impl Client {
    /// Asks and reads the whole answer; one that is no success is an error.
    pub(super) async fn ask(
        &self,
        destination: &ServerName,
        request: http::Request<Bytes>,
        limits: Limits,
    ) -> Result<Answer, ClientError> {
        let download = self.exchange(destination, &request, limits).await?;
        let answer = download.collect().await?;
        if answer.status.is_success() { Ok(answer) } else { Err(refusal(&answer)) }
    }

    /// Asks, and returns with the head of the answer.
    pub(super) async fn exchange(
        &self,
        destination: &ServerName,
        request: &http::Request<Bytes>,
        limits: Limits,
    ) -> Result<Download, ClientError> {
        let started = Instant::now();
        let outcome = Box::pin(self.judged(destination, request, limits)).await;
        let label = outcome.as_ref().map_or_else(ClientError::label, |_| "answered");
        metrics::counter!("federation_requests_out_total", "outcome" => label).increment(1);
        let elapsed_ms = started.elapsed().as_millis();
        let path = request.uri().path();
        match &outcome {
            Ok(answer) => {
                tracing::debug!(%destination, path, status = answer.status().as_u16(), elapsed_ms, "server asked");
            }
            Err(error) => tracing::debug!(%destination, path, %error, elapsed_ms, "server asked in vain"),
        }
        outcome
    }

    async fn judged(
        &self,
        destination: &ServerName,
        request: &http::Request<Bytes>,
        limits: Limits,
    ) -> Result<Download, ClientError> {
        if !self.0.policy.allows_path(destination, request.uri().path()) {
            return Err(ClientError::NotAllowed(destination.to_owned()));
        }
        if !limits.insists
            && let Some(retry_at_ms) = self.0.reach.waits_until(destination)
        {
            return Err(ClientError::BackingOff { server: destination.to_owned(), retry_at_ms });
        }
        let signed = self.signed(destination, request)?;
        let bounds =
            outbound::Limits { bytes_max: limits.bytes_max, time_max: limits.time_max, redirects_max: 0 };
        let outcome = self.0.network.open(destination, &signed, bounds).await;
        self.learn(destination, &outcome).await;
        Ok(outcome?)
    }

    /// The request with our signature.
    fn signed(
        &self,
        destination: &ServerName,
        request: &http::Request<Bytes>,
    ) -> Result<http::Request<Bytes>, ClientError> {
        let input = XMatrixSigningInput::new(
            self.0.server_name.clone(),
            destination.to_owned(),
            self.0.own_keys.current(),
        );
        let signature = XMatrix::sign_http_request(request, input);
        let signature = signature.map_err(|error| ClientError::Request(error.to_string()))?;
        let mut signed = request.clone();
        signed.headers_mut().insert(http::header::AUTHORIZATION, (&signature).into());
        Ok(signed)
    }

    /// Whoever answers can be reached, unless something before it answered in its place.
    async fn learn(&self, destination: &ServerName, outcome: &Result<Download, OutboundError>) {
        let is_reached = match outcome {
            Ok(download) => !matches!(download.status().as_u16(), 502..=504),
            Err(OutboundError::TooLarge { .. } | OutboundError::TooManyRedirects) => true,
            Err(_) => false,
        };
        if is_reached {
            self.0.reach.note_answer(destination).await;
        } else {
            self.0.reach.note_failure(destination).await;
        }
    }
}

/// What a server that is no success says.
pub(super) fn refusal(answer: &Answer) -> ClientError {
    #[derive(Deserialize)]
    struct Body {
        errcode: String,
        #[serde(default)]
        error: String,
        retry_after_ms: Option<u64>,
    }
    let status = answer.status.as_u16();
    match serde_json::from_slice::<Body>(&answer.body) {
        Ok(body) if status >= 400 => ClientError::Answered {
            status,
            errcode: body.errcode.chars().take(WORDS_MAX).collect(),
            error: body.error.chars().take(WORDS_MAX).collect(),
            retry_after_ms: body.retry_after_ms,
        },
        Ok(_) | Err(_) if matches!(status, 404 | 405) => ClientError::NoEndpoint(status),
        Ok(_) | Err(_) => ClientError::BadAnswer(format!("status {status} without a Matrix error")),
    }
}
