//! What is asked of the bridges from outside: webhooks and the buttons of cards by platforms, each at a path of its own, and
//! files behind the links that people of platforms were given.
//!
//! Each request has an id, a proxy's or one of ours: it stands in the answer and in every line of the log about it.

use axum::{
    Router,
    body::{Body, Bytes},
    extract::{DefaultBodyLimit, Path, RawQuery, Request, State},
    http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header},
    middleware::{self, Next},
    response::{IntoResponse as _, Response},
    routing::{any, get},
};
use base::Rng;
use bridge_api::{
    CallbackRequest, Network,
    limits::{CALLBACK_BYTES_MAX, CALLBACK_TIME_MAX},
};
use bridge_core::{Bridges, FileLink, LinkRefused};
use lianqiao_http::{REQUEST_ID, request_id};
use tracing::Instrument as _;

/// Where platforms ask, and where files are.
pub(super) const PATHS: &[&str] = &["/_lianqiao/bridge/"];

/// What a browser may do with a file of somebody: keep it.
const POLICY: &str = "sandbox; default-src 'none'";

/// The doors of all platforms, and of files.
pub(super) fn router(bridges: &Bridges, rng: Rng) -> Router {
    Router::new()
        .route("/_lianqiao/bridge/{network}", any(call))
        .route("/_lianqiao/bridge/file/{until_ms}/{seal}/{server}/{id}/{name}", get(file))
        .layer(DefaultBodyLimit::max(CALLBACK_BYTES_MAX))
        .layer(middleware::from_fn_with_state(rng, traced))
        .with_state(bridges.clone())
}

/// Answers within a span that names the request.
async fn traced(State(rng): State<Rng>, request: Request, next: Next) -> Response {
    let id = request_id(request.headers(), &rng);
    let span = tracing::info_span!("bridge_request", id = id.as_str());
    let mut response = next.run(request).instrument(span).await;
    insert(response.headers_mut(), REQUEST_ID.clone(), &id);
    response
}

async fn call(
    State(bridges): State<Bridges>,
    Path(network): Path<String>,
    method: Method,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let Some(network) = Network::ALL.into_iter().find(|known| known.key() == network) else {
        return StatusCode::NOT_FOUND.into_response();
    };
    let Some(connector) = bridges.connector(network) else { return StatusCode::NOT_FOUND.into_response() };
    let Some(callbacks) = connector.callbacks() else { return StatusCode::NOT_FOUND.into_response() };
    let headers = headers
        .iter()
        .filter_map(|(name, value)| Some((name.as_str().to_owned(), value.to_str().ok()?.to_owned())))
        .collect();
    let request =
        CallbackRequest { method: method.to_string(), query: query.unwrap_or_default(), headers, body };
    let inbox = bridges.inbox(network);
    match tokio::time::timeout(CALLBACK_TIME_MAX, callbacks.call(request, &*inbox)).await {
        Ok(answer) => {
            let status = StatusCode::from_u16(answer.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
            (status, [(header::CONTENT_TYPE, answer.content_type)], answer.body).into_response()
        }
        Err(_) => {
            tracing::warn!(
                network = network.key(),
                "a callback takes too long; the platform brings it again"
            );
            StatusCode::SERVICE_UNAVAILABLE.into_response()
        }
    }
}

/// A file that a platform did not take, for whoever was given its link.
async fn file(
    State(bridges): State<Bridges>,
    Path((until_ms, seal, server, id, name)): Path<(String, String, String, String, String)>,
) -> Response {
    let link = FileLink { until_ms, seal, server, id, name };
    let mut response = match bridges.open_link(&link).await {
        Ok(file) => {
            let mut response = Body::from_stream(file.pieces).into_response();
            let headers = response.headers_mut();
            insert(headers, header::CONTENT_TYPE, "application/octet-stream");
            insert(headers, header::CONTENT_DISPOSITION, &file.disposition);
            if let Some(bytes) = file.bytes {
                headers.insert(header::CONTENT_LENGTH, HeaderValue::from(bytes));
            }
            response
        }
        Err(refused) => {
            tracing::info!(?refused, "a link to a file does not open");
            let status = StatusCode::from_u16(refused.status()).unwrap_or(StatusCode::NOT_FOUND);
            let mut response = (status, bridges.link_refusal(refused)).into_response();
            if status == StatusCode::SERVICE_UNAVAILABLE {
                let seconds = LinkRefused::RETRY_AFTER.as_secs();
                response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(seconds));
            }
            response
        }
    };
    let headers = response.headers_mut();
    insert(headers, header::CONTENT_SECURITY_POLICY, POLICY);
    insert(headers, header::X_CONTENT_TYPE_OPTIONS, "nosniff");
    insert(headers, header::CACHE_CONTROL, "private, no-store");
    insert(headers, header::REFERRER_POLICY, "no-referrer");
    insert(headers, HeaderName::from_static("x-robots-tag"), "noindex, nofollow");
    response
}

/// A value that HTTP does not allow is left out.
fn insert(headers: &mut HeaderMap, name: HeaderName, value: &str) {
    if let Ok(value) = HeaderValue::from_str(value) {
        headers.insert(name, value);
    }
}
