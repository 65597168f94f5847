//! Creating accounts.

use crate::Routes;

pub mod available;
#[expect(clippy::module_inception, reason = "the endpoint has the name of its area")]
pub mod register;
mod service;
pub mod shared_secret;
pub mod token_validity;

/// The endpoints of this area.
pub fn routes() -> Routes {
    Routes::new()
        .ruma(register::handler)
        .ruma(available::handler)
        .ruma(token_validity::handler)
        .merge(shared_secret::routes())
}
