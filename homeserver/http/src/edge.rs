//! What surrounds every request: request id, log span, metrics, CORS, the bound on requests in
//! progress. It knows nothing of Matrix but the form of an error.

use std::{
    collections::{HashMap, HashSet},
    sync::{Arc, LazyLock},
    time::Duration,
};

use axum::{
    extract::Request,
    response::{IntoResponse, Response},
};
use base::Rng;
use futures_util::{
    FutureExt as _,
    future::{BoxFuture, ready},
};
use http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header};
use metrics::{Counter, Histogram};
use parking_lot::{Mutex, RwLock};
use ruma::api::error::ErrorCode;
use tokio::{sync::OwnedSemaphorePermit, time::Instant};
use tracing::Instrument as _;

use crate::{
    App, MatrixError,
    limits::{REQUEST_ID_BYTES_MAX, URI_BYTES_MAX},
};

/// The header with the id of a request.
pub static REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// The path template of the route that answered, for metrics.
#[derive(Clone, Copy)]
pub(crate) struct Route(pub &'static str);

static LABELS: LazyLock<Mutex<HashSet<&'static str>>> = LazyLock::new(Mutex::default);

impl Route {
    /// One copy of the template for the life of the program, however often routers are built.
    pub(crate) fn label(path: &str) -> &'static str {
        let mut labels = LABELS.lock();
        if let Some(label) = labels.get(path) {
            return label;
        }
        let label: &'static str = Box::leak(path.to_owned().into_boxed_str());
        labels.insert(label);
        label
    }
}

/// What surrounds the endpoints; one for each service.
pub(crate) struct Edge {
    app: App,
    meters: Arc<Meters>,
}

impl Edge {
    pub fn new(app: App) -> Self {
        Self { app, meters: Arc::default() }
    }

    /// Answers a request, by `endpoints` unless it is answered here. What waits holds one box of each and no request.
    pub fn surround(
        &self,
        request: Request,
        endpoints: impl FnOnce(Request) -> BoxFuture<'static, Response>,
    ) -> BoxFuture<'static, Response> {
        let id = request_id(request.headers(), &self.app.rng);
        if request.method() == Method::OPTIONS {
            return ready(finished(StatusCode::NO_CONTENT.into_response(), &id)).boxed();
        }
        let started = Instant::now();
        let method = label_of(request.method());
        let span = tracing::info_span!("request", id = id.as_str(), method, path = request.uri().path());
        let (answering, permit) = match admit(&self.app, &request) {
            Ok(permit) => (span.in_scope(|| endpoints(request)), Some(permit)),
            Err(refused) => (ready(refused.into_response()).boxed(), None),
        };
        let meters = Arc::clone(&self.meters);
        let observed = async move {
            let response = answering.instrument(span.clone()).await;
            drop(permit);
            let elapsed = started.elapsed();
            let route = response.extensions().get::<Route>().map_or("unrecognized", |route| route.0);
            let status = response.status();
            meters.note(method, route, status_label(status), elapsed);
            span.in_scope(|| {
                tracing::debug!(status = status.as_u16(), elapsed_ms = elapsed.as_millis(), "answered");
            });
            finished(response, &id)
        };
        observed.boxed()
    }
}

/// Handles of the figures by method, route and status: looking one up in the recorder costs more than an empty request.
#[derive(Default)]
struct Meters(RwLock<HashMap<[&'static str; 3], (Histogram, Counter)>>);

impl Meters {
    /// Bounded by the routes there are: labels are words of ours, never of a client.
    fn note(&self, method: &'static str, route: &'static str, status: &'static str, elapsed: Duration) {
        let key = [method, route, status];
        if let Some((seconds, total)) = self.0.read().get(&key) {
            seconds.record(elapsed);
            total.increment(1);
            return;
        }
        let labels = [("method", method), ("route", route)];
        let seconds = metrics::histogram!("http_request_seconds", &labels);
        let labels = [("method", method), ("route", route), ("status", status)];
        let total = metrics::counter!("http_requests_total", &labels);
        seconds.record(elapsed);
        total.increment(1);
        self.0.write().insert(key, (seconds, total));
    }
}

/// The bounds on what is asked and on how much is asked at once. The request counts as long as the permit lives.
fn admit(app: &App, request: &Request) -> Result<OwnedSemaphorePermit, MatrixError> {
    if request.uri().path_and_query().is_some_and(|uri| uri.as_str().len() > URI_BYTES_MAX) {
        return Err(MatrixError::new(
            StatusCode::URI_TOO_LONG,
            ErrorCode::TooLarge,
            "The address is too long",
        ));
    }
    let permit = Arc::clone(app.requests()).try_acquire_owned();
    permit.map_err(|_| MatrixError::unavailable("Too many requests in progress", 1))
}

/// The headers that every answer has.
fn finished(mut response: Response, request_id: &str) -> Response {
    add_cors(response.headers_mut());
    if let Ok(value) = HeaderValue::from_str(request_id) {
        response.headers_mut().insert(REQUEST_ID.clone(), value);
    }
    response
}

/// A proxy's id is taken over when it is short and printable, so that one request can be followed
/// through both logs; otherwise a new one is made.
pub fn request_id(headers: &HeaderMap, rng: &Rng) -> String {
    headers
        .get(&REQUEST_ID)
        .and_then(|value| value.to_str().ok())
        .filter(|id| !id.is_empty() && id.len() <= REQUEST_ID_BYTES_MAX)
        .filter(|id| id.bytes().all(|byte| byte.is_ascii_graphic()))
        .map_or_else(|| rng.string(12), str::to_owned)
}

/// [Web browser clients](https://spec.matrix.org/v1.19/client-server-api/#web-browser-clients)
fn add_cors(headers: &mut HeaderMap) {
    headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, HeaderValue::from_static("*"));
    headers.insert(
        header::ACCESS_CONTROL_ALLOW_METHODS,
        HeaderValue::from_static("GET, HEAD, POST, PUT, DELETE, PATCH, OPTIONS"),
    );
    headers.insert(
        header::ACCESS_CONTROL_ALLOW_HEADERS,
        HeaderValue::from_static(
            "X-Requested-With, Content-Type, Authorization, Date, If-Match, If-None-Match",
        ),
    );
    headers.insert(
        header::ACCESS_CONTROL_EXPOSE_HEADERS,
        HeaderValue::from_static("ETag, Retry-After, X-Request-Id"),
    );
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
}

fn label_of(method: &Method) -> &'static str {
    match *method {
        Method::GET => "GET",
        Method::HEAD => "HEAD",
        Method::POST => "POST",
        Method::PUT => "PUT",
        Method::DELETE => "DELETE",
        Method::PATCH => "PATCH",
        _ => "other",
    }
}

fn status_label(status: StatusCode) -> &'static str {
    match status.as_u16() {
        200 => "200",
        201 => "201",
        400 => "400",
        401 => "401",
        403 => "403",
        404 => "404",
        405 => "405",
        409 => "409",
        413 => "413",
        429 => "429",
        500 => "500",
        503 => "503",
        100..=199 => "1xx",
        202..=299 => "2xx",
        300..=399 => "3xx",
        402..=499 => "4xx",
        _ => "5xx",
    }
}
