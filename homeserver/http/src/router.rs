//! The whole HTTP surface: endpoints, fallbacks, and what surrounds them.

use axum::{Router, middleware};
use tower_http::compression::{CompressionLayer, CompressionLevel, predicate::SizeAbove};

use crate::{App, client, edge, fallback, limits::COMPRESS_BYTES_MIN};

/// Builds the service for the client listener.
pub fn router(app: App) -> Router {
    client::routes()
        .into_router()
        .fallback(fallback::unknown_path)
        .method_not_allowed_fallback(fallback::unknown_method)
        .layer(
            CompressionLayer::new()
                .gzip(true)
                .quality(CompressionLevel::Fastest)
                .compress_when(SizeAbove::new(COMPRESS_BYTES_MIN)),
        )
        .layer(middleware::from_fn_with_state(app.clone(), edge::edge))
        .with_state(app)
}
