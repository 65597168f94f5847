//! Doors of this process that are not Matrix's own: the calendars of the bots.
//!
//! The binary plugs them in when they are there. They answer below their own paths by their own rules, methods and bounds;
//! nothing of Matrix surrounds them.

use std::sync::{Arc, OnceLock};

use axum::Router;

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

    /// Who answers at this path, where it is a neighbour's.
    pub(crate) fn at(&self, path: &str) -> Option<Router> {
        let neighbour = self.0.get()?;
        let is_theirs = |own: &&'static str| path == *own || (own.ends_with('/') && path.starts_with(*own));
        neighbour.paths.iter().any(is_theirs).then(|| neighbour.router.clone())
    }
}
