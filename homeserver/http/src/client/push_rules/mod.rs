//! Push rules of the caller.

use crate::Routes;

pub mod actions;
pub mod enabled;
pub mod read;
pub mod rule;

/// The endpoints of this area.
pub fn routes() -> Routes {
    Routes::new()
        .ruma(read::all)
        .ruma_at("/_matrix/client/v3/pushrules", read::all)
        .ruma(read::global)
        .ruma_at("/_matrix/client/v3/pushrules/global", read::global)
        .ruma(rule::get)
        .ruma(rule::set)
        .ruma(rule::delete)
        .ruma(enabled::get)
        .ruma(enabled::set)
        .ruma(actions::get)
        .ruma(actions::set)
}
