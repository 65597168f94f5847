//! What the specification gives to administrators, and small services of the server to its users.

use crate::Routes;

pub mod lock;
pub mod openid;
pub mod suspend;
pub mod turn_server;
pub mod whois;

/// The endpoints of this area.
pub fn routes() -> Routes {
    Routes::new()
        .ruma(lock::get)
        .ruma(lock::put)
        .ruma(suspend::get)
        .ruma(suspend::put)
        .ruma(whois::handler)
        .ruma(openid::handler)
        .ruma(turn_server::handler)
}
