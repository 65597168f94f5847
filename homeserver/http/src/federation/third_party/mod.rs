//! Invites by addresses that an identity server knows.
//! <https://spec.matrix.org/v1.19/server-server-api/#third-party-invites>

use crate::Routes;

pub mod exchange;
pub mod on_bind;

/// The endpoints of this area.
pub fn routes() -> Routes {
    Routes::new().ruma(exchange::handler).ruma(on_bind::handler)
}
