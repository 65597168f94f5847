//! Devices of users, and the keys of devices.

use crate::Routes;

pub mod claim;
pub mod list;
pub mod query;

/// The endpoints of this area.
pub fn routes() -> Routes {
    Routes::new().ruma(claim::handler).ruma(list::handler).ruma(query::handler)
}
