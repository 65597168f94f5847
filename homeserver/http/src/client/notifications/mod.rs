//! What the caller was notified of.

use crate::Routes;

pub mod list;

/// The endpoints of this area.
pub fn routes() -> Routes {
    Routes::new().ruma(list::handler)
}
