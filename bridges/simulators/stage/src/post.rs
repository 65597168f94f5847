//! Requests to the addresses of apps. Never leaves loopback, whatever address somebody registered.

use std::time::Duration;

use bytes::Bytes;
use http::request::Builder;
use http::uri::Uri;
use http::{Request, StatusCode};
use http_body_util::{BodyExt as _, Full, Limited};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;

use crate::delivery::Tried;
use crate::faults::common::Fault;
use crate::limits::ANSWER_BYTES_MAX;
use crate::play::Play;

/// A request that can be sent twice.
#[derive(Clone, Debug)]
pub struct Post {
    /// Where to.
    pub url: String,
    /// Every header but those of HTTP itself.
    pub headers: Vec<(&'static str, String)>,
    /// What is said.
    pub body: Vec<u8>,
}

fn is_here(uri: &Uri) -> bool {
    uri.scheme_str() == Some("http")
        && uri.host().is_some_and(|host| ["127.0.0.1", "localhost", "[::1]"].contains(&host))
}

impl Post {
    /// Sends it; a success is HTTP 200 in time, and what it says.
    ///
    /// # Errors
    /// Why it failed.
    pub async fn send(&self, within_ms: u64) -> Tried<Vec<u8>> {
        let mut request = Request::post(&self.url);
        for (name, value) in &self.headers {
            request = request.header(*name, value);
        }
        exchange(request, self.body.clone(), within_ms).await
    }

    /// The same, and once more where the fault wants it.
    ///
    /// # Errors
    /// Why it failed the first time.
    pub async fn send_and_replay<P: Play>(&self, play: &P, within_ms: u64) -> Tried<Vec<u8>> {
        let answer = self.send(within_ms).await?;
        if play.with_stage(|stage| stage.faults.strikes(Fault::WebhookReplayed)) {
            let replayed = self.send(within_ms).await;
            tracing::debug!(ok = replayed.is_ok(), "the same bytes were posted again");
        }
        Ok(answer)
    }
}

/// Asks an address by GET; a success is HTTP 200 in time, and what it says.
///
/// # Errors
/// Why it failed.
pub async fn ask(url: &str, within_ms: u64) -> Tried<Vec<u8>> {
    exchange(Request::get(url), Vec::new(), within_ms).await
}

async fn exchange(request: Builder, body: Vec<u8>, within_ms: u64) -> Tried<Vec<u8>> {
    let request = request.body(Full::new(Bytes::from(body))).map_err(|error| error.to_string())?;
    if !is_here(request.uri()) {
        return Err("the address is not on this machine: simulators never leave it".to_owned());
    }
    let client: Client<HttpConnector, Full<Bytes>> = Client::builder(TokioExecutor::new()).build_http();
    let exchange = async {
        let answer = client.request(request).await.map_err(|error| error.to_string())?;
        let status = answer.status();
        let body = Limited::new(answer.into_body(), ANSWER_BYTES_MAX).collect().await;
        let body = body.map_err(|error| error.to_string())?.to_bytes().to_vec();
        if status == StatusCode::OK { Ok(body) } else { Err(format!("the address answered {status}")) }
    };
    match tokio::time::timeout(Duration::from_millis(within_ms), exchange).await {
        Ok(result) => result,
        Err(_) => Err("no answer in time".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_this_machine_is_posted_to() {
        let here = |text: &str| is_here(&text.parse().unwrap());
        assert!(here("http://127.0.0.1:80/x") && here("http://localhost/") && here("http://[::1]:9/"));
        assert!(!here("http://example.org/") && !here("https://127.0.0.1/") && !here("/path"));
        assert!(!here("http://127.0.0.1.example.org/"));
    }
}
