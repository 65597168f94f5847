//! Doors of this process that are not Matrix's own: the calendars of the bots, what platforms ask the bridges.
//!
//! The binary plugs them in when they are there. They answer below their own paths by their own rules, methods and bounds;
//! nothing of Matrix surrounds them.

use std::sync::Arc;

use axum::Router;
use parking_lot::RwLock;

/// Where neighbours are plugged in, a handful at the start. Cloning shares it.
#[derive(Clone, Default)]
pub struct Neighbours(Arc<RwLock<Vec<Neighbour>>>);

struct Neighbour {
    paths: &'static [&'static str],
    router: Router,
}

impl Neighbours {
    /// Opens doors: `router` answers what is at one of `paths` or, where one ends with a slash, below it. Of two
    /// at one path the first answers.
    pub fn open(&self, paths: &'static [&'static str], router: Router) {
        self.0.write().push(Neighbour { paths, router });
    }

    /// Shuts all doors, when nobody is served any more: what stands behind them may hold what holds these doors.
    pub fn close(&self) {
        self.0.write().clear();
    }

    /// Who answers at this path, where it is a neighbour's.
    pub(crate) fn at(&self, path: &str) -> Option<Router> {
        let is_theirs = |own: &&'static str| path == *own || (own.ends_with('/') && path.starts_with(*own));
        let neighbours = self.0.read();
        let theirs = neighbours.iter().find(|neighbour| neighbour.paths.iter().any(is_theirs));
        theirs.map(|neighbour| neighbour.router.clone())
    }
}
