//! The last hop: from a signed request to an answer.

use bytes::Bytes;
use outbound::{Download, Limits, Outbound, OutboundError, Request};
use ruma::ServerName;
use tokio::time::{Instant, timeout_at};

use crate::discovery::{Discovery, Route};

/// The network: finds the server, and tries its ways one after the other.
pub(super) struct Network {
    pub discovery: Discovery,
    pub outbound: Outbound,
}

impl Network {
    /// Brings a request, whose address is a path and which is signed, to a server. Where nobody answers is forgotten.
    pub async fn open(
        &self,
        destination: &ServerName,
        request: &http::Request<Bytes>,
        limits: Limits,
    ) -> Result<Download, OutboundError> {
        let outcome = self.over_the_ways(destination, request, limits).await;
        if outcome.is_err() {
            self.discovery.forget(destination);
        }
        outcome
    }

    async fn over_the_ways(
        &self,
        destination: &ServerName,
        request: &http::Request<Bytes>,
        limits: Limits,
    ) -> Result<Download, OutboundError> {
        let deadline = Instant::now() + limits.time_max;
        let finding = timeout_at(deadline, self.discovery.find(destination)).await;
        let directions = finding.map_err(|_| OutboundError::Timeout)?;
        let mut last = OutboundError::Unresolvable(destination.to_string());
        for route in &directions.routes {
            let limits = Limits { time_max: deadline.saturating_duration_since(Instant::now()), ..limits };
            match self.outbound.open(over(route, request), limits).await {
                Ok(download) => return Ok(download),
                // Nothing was sent yet, so the next way may be tried.
                Err(error @ (OutboundError::Connect(_) | OutboundError::Unresolvable(_))) => last = error,
                Err(error) => return Err(error),
            }
        }
        Err(last)
    }
}

/// The request over one way.
fn over(route: &Route, request: &http::Request<Bytes>) -> Request {
    let path = request.uri().path_and_query().map_or("/", http::uri::PathAndQuery::as_str);
    let url = format!("https://{}:{}{path}", route.host, route.port);
    let mut out = Request::new(request.method().clone(), url).body(request.body().clone());
    for (name, value) in request.headers() {
        out = out.header(name.as_str(), value.to_str().unwrap_or_default());
    }
    out = out.header("host", &route.host_header);
    match &route.connect_to {
        Some(host) => out.connect_to(host),
        None => out,
    }
}
