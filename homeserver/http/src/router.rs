//! The whole HTTP surface: endpoints, fallbacks, and what surrounds them.

use axum::{Router, middleware};
use http::{Response, header::CONTENT_TYPE};
use tower_http::compression::{CompressionLayer, CompressionLevel, Predicate, predicate::SizeAbove};

use crate::{
    App, Routes, admin, client, edge, fallback, federation, first_administrator, limits::COMPRESS_BYTES_MIN,
};

/// Builds the service for the client listeners.
pub fn router(app: App) -> Router {
    let own = client::routes().merge(admin::routes()).merge(first_administrator::routes());
    surrounded(own.merge(federation::routes()), app)
}

/// Builds the service for the listener of other servers: their API and the discovery documents. The listeners for
/// clients serve the same, for use behind a proxy that has one port.
pub fn federation_router(app: App) -> Router {
    surrounded(federation::routes().merge(client::discovery::well_known::routes()), app)
}

fn surrounded(routes: Routes, app: App) -> Router {
    routes
        .into_router()
        .fallback(fallback::unknown_path)
        .method_not_allowed_fallback(fallback::unknown_method)
        .layer(
            CompressionLayer::new()
                .gzip(true)
                .quality(CompressionLevel::Fastest)
                .compress_when(SizeAbove::new(COMPRESS_BYTES_MIN).and(JsonOnly)),
        )
        .layer(middleware::from_fn_with_state(edge::Edge::new(app.clone()), edge::edge))
        .with_state(app)
}

/// Media are compressed already or served in ranges, so only our own answers are.
#[derive(Clone, Copy)]
struct JsonOnly;

impl Predicate for JsonOnly {
    fn should_compress<B: axum::body::HttpBody>(&self, response: &Response<B>) -> bool {
        let content_type = response.headers().get(CONTENT_TYPE).map(http::HeaderValue::as_bytes);
        content_type.is_some_and(|text| text.starts_with(b"application/json"))
            && !response.headers().contains_key(http::header::CONTENT_DISPOSITION)
    }
}
