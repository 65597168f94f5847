//! The whole HTTP surface: endpoints, fallbacks, and what surrounds them.

use axum::{Router, middleware};
use tower_http::compression::{CompressionLayer, CompressionLevel, predicate::SizeAbove};

use crate::{App, Routes, client, edge, fallback, first_administrator, limits::COMPRESS_BYTES_MIN};

/// Builds the service for the client listeners.
pub fn router(app: App) -> Router {
    surrounded(client::routes().merge(first_administrator::routes()), app)
}

/// Builds the service for the listener of other servers: only discovery, everything else is
/// `M_UNRECOGNIZED`.
pub fn federation_router(app: App) -> Router {
    surrounded(client::discovery::well_known::routes(), app)
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
                .compress_when(SizeAbove::new(COMPRESS_BYTES_MIN)),
        )
        .layer(middleware::from_fn_with_state(app.clone(), edge::edge))
        .with_state(app)
}
