//! Questions about users and aliases.

use crate::Routes;

pub mod custom;
pub mod directory;
pub mod openid;
pub mod profile;

/// The endpoints of this area.
pub fn routes() -> Routes {
    Routes::new().ruma(custom::handler).ruma(directory::handler).ruma(openid::handler).ruma(profile::handler)
}
