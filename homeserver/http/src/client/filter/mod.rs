//! Stored filters.

use crate::Routes;

pub mod create;
pub mod get;

/// The endpoints of this area.
pub fn routes() -> Routes {
    Routes::new().ruma(create::handler).ruma(get::handler)
}
