//! Logging in, going on, logging out.

use crate::Routes;

pub mod get_token;
pub mod login;
pub mod login_types;
pub mod logout;
pub mod refresh;

/// The endpoints of this area.
pub fn routes() -> Routes {
    Routes::new()
        .ruma(login_types::handler)
        .ruma(login::handler)
        .ruma(get_token::handler)
        .ruma(refresh::handler)
        .ruma(logout::one)
        .ruma(logout::all)
}
