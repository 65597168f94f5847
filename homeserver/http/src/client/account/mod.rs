//! One's own account.

use crate::Routes;

pub mod change_password;
pub mod deactivate;
pub mod whoami;

/// The endpoints of this area.
pub fn routes() -> Routes {
    Routes::new().ruma(whoami::handler).ruma(change_password::handler).ruma(deactivate::handler)
}
