//! Searching messages.

use crate::Routes;

mod answer;
pub mod search_events;

/// The endpoints of this area.
pub fn routes() -> Routes {
    Routes::new().ruma(search_events::handler)
}
