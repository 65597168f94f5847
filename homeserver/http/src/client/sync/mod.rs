//! `/sync`: what is new for a client, waiting for it if need be.

use crate::Routes;

mod query;
mod sync_events;

/// The endpoints of this area.
pub fn routes() -> Routes {
    Routes::new().ruma(sync_events::handler)
}
