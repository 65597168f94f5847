//! Calls: which transports this server's users may use (MSC4143).

use crate::Routes;

pub mod transports;

/// The endpoints of this area.
pub fn routes() -> Routes {
    Routes::new().ruma(transports::handler)
}
