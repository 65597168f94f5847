//! Public rooms and the tree of spaces.

use crate::Routes;

pub mod hierarchy;
pub mod public_rooms;

/// The endpoints of this area.
pub fn routes() -> Routes {
    Routes::new().ruma(hierarchy::handler).ruma(public_rooms::all).ruma(public_rooms::filtered)
}
