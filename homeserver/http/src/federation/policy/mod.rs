//! This server as the policy server of rooms.

use crate::Routes;

pub mod sign;

/// The endpoints of this area.
pub fn routes() -> Routes {
    Routes::new().ruma(sign::handler)
}
