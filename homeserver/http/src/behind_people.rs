//! Requests that stand behind those of people: application services of others import histories by the hundred thousand, and somebody
//! who sends a word meanwhile waits for none of it.

use axum::{extract::Request, response::Response};
use base::Background;
use tokio_util::task::AbortOnDropHandle;
use tracing::Instrument as _;

use crate::{App, MatrixError, extract::presented};

/// Whether a request is one of an application service for which nobody waits, and there are threads for it. For our own bots people wait.
pub(crate) fn is(app: &App, request: &Request) -> bool {
    if !app.background.has_threads() {
        return false;
    }
    let loaded = app.services.register().loaded();
    if loaded.services.iter().all(|service| service.people_wait) {
        return false;
    }
    let token = presented(request.headers(), request.uri()).ok().flatten();
    let service = token.as_deref().and_then(|token| loaded.by_token(token));
    service.is_some_and(|service| !service.people_wait)
}

/// Answers on the threads that yield. A connection that goes away ends it, as elsewhere.
pub(crate) async fn answered(
    background: Background,
    answering: impl Future<Output = Response> + Send + 'static,
) -> Response {
    let answering = background.spawn(answering.in_current_span());
    match AbortOnDropHandle::new(answering).await {
        Ok(answer) => answer,
        Err(error) if error.is_panic() => std::panic::resume_unwind(error.into_panic()),
        Err(_) => {
            axum::response::IntoResponse::into_response(MatrixError::unavailable("The server stops", 1))
        }
    }
}
