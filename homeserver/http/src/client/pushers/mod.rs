//! Where the caller wants to be told.

use crate::Routes;

pub mod list;
pub mod set;

/// The endpoints of this area.
pub fn routes() -> Routes {
    Routes::new().ruma(list::handler).ruma(set::handler)
}
