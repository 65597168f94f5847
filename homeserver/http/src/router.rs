//! The whole HTTP surface: endpoints, fallbacks, and what surrounds them.

use std::sync::Arc;

use axum::{Router, body::Body, extract::Request, response::Response as Answer};
use futures_util::{FutureExt as _, future::BoxFuture};
use http::{Response, header::CONTENT_TYPE};
use tower::{Layer as _, Service as _, ServiceExt as _};
use tower_http::compression::{
    Compression, CompressionLayer, CompressionLevel, Predicate, predicate::SizeAbove,
};

use crate::{
    App, Routes, admin, behind_people, client, edge::Edge, fallback, federation, first_administrator,
    first_login, limits::COMPRESS_BYTES_MIN, neighbours::Neighbours, visit,
};

/// Builds the service for the client listeners.
pub fn router(app: App) -> Site {
    let pages = first_administrator::routes().merge(first_login::routes()).merge(visit::routes());
    Site::new(client::routes().merge(admin::routes()).merge(pages).merge(federation::routes()), app)
}

/// Builds the service for the listener of other servers: their API and the discovery documents. The listeners for
/// clients serve the same, for use behind a proxy that has one port.
pub fn federation_router(app: App) -> Site {
    Site::new(federation::routes().merge(client::discovery::well_known::routes()), app)
}

/// Endpoints with what surrounds every request, as one service: a layer of axum's would be built once for each
/// endpoint, copied for each request, and held by each long poll. Cloning is one reference count.
#[derive(Clone)]
pub struct Site(Arc<Inner>);

struct Inner {
    app: App,
    neighbours: Neighbours,
    edge: Edge,
    endpoints: Compression<Router, LargeJson>,
}

impl Site {
    fn new(routes: Routes, app: App) -> Self {
        let endpoints = routes
            .into_router()
            .fallback(fallback::unknown_path)
            .method_not_allowed_fallback(fallback::unknown_method)
            .with_state(app.clone());
        let compressed =
            CompressionLayer::new().gzip(true).quality(CompressionLevel::Fastest).compress_when(LargeJson);
        let neighbours = app.neighbours.clone();
        let endpoints = compressed.layer(endpoints);
        Self(Arc::new(Inner { neighbours, edge: Edge::new(app.clone()), endpoints, app }))
    }

    /// Answers one request.
    pub fn answer(&self, request: Request) -> BoxFuture<'static, Answer> {
        let Inner { app, neighbours, edge, endpoints } = &*self.0;
        if let Some(neighbour) = neighbours.at(request.uri().path()) {
            return neighbour.oneshot(request).map(|Ok(answer)| answer).boxed();
        }
        edge.surround(request, |request| {
            let is_behind_people = behind_people::is(app, &request);
            // A router is always ready, and so is its compression.
            let answering = endpoints.clone().call(request);
            let answering = answering.map(|Ok(answer)| answer.map(Body::new));
            match is_behind_people {
                true => behind_people::answered(app.background.clone(), answering).boxed(),
                false => answering.boxed(),
            }
        })
    }
}

/// Media are compressed already or served in ranges, so only our own answers are, when they are worth it.
#[derive(Clone, Copy)]
struct LargeJson;

impl Predicate for LargeJson {
    fn should_compress<B: axum::body::HttpBody>(&self, response: &Response<B>) -> bool {
        let content_type = response.headers().get(CONTENT_TYPE).map(http::HeaderValue::as_bytes);
        SizeAbove::new(COMPRESS_BYTES_MIN).should_compress(response)
            && content_type.is_some_and(|text| text.starts_with(b"application/json"))
            && !response.headers().contains_key(http::header::CONTENT_DISPOSITION)
    }
}
