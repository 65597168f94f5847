//! Doors of this process that are not Matrix's own: the calendars of the bots.
//!
//! The binary plugs them in when they are there. They answer below their own paths by their own rules, methods and bounds;
//! nothing of Matrix surrounds them.

use std::sync::{Arc, OnceLock};

use axum::{Router, extract::Request, response::Response};
use futures_util::{FutureExt as _, future::BoxFuture};
use tower::ServiceExt as _;

/// Where neighbours are plugged in, once. Cloning shares it.
#[derive(Clone, Default)]
pub struct Neighbours(Arc<OnceLock<Neighbour>>);

struct Neighbour {
    paths: &'static [&'static str],
    router: Router,
}

impl Neighbours {
    /// Opens doors: `router` answers what is at one of `paths` or, where one ends with a slash, below it. The first to be
    /// opened stay.
    pub fn open(&self, paths: &'static [&'static str], router: Router) {
        if self.0.set(Neighbour { paths, router }).is_err() {
            tracing::error!("neighbours are open already");
        }
    }

    /// What the neighbours answer; the request back where it is not theirs.
    pub(crate) fn answer(&self, request: Request) -> Result<BoxFuture<'static, Response>, Request> {
        let Some(neighbour) = self.0.get() else { return Err(request) };
        let path = request.uri().path();
        let is_theirs =
            neighbour.paths.iter().any(|own| path == *own || (own.ends_with('/') && path.starts_with(own)));
        if !is_theirs {
            return Err(request);
        }
        let answering = neighbour.router.clone().oneshot(request);
        Ok(answering.map(|Ok(answer)| answer).boxed())
    }
}
