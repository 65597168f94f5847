//! Rooms seen from outside: the tree below a space, and the summary of one room.

use crate::Routes;

pub mod hierarchy;
pub mod room_summary;

/// The endpoints of this area.
pub fn routes() -> Routes {
    Routes::new().ruma(hierarchy::handler).ruma(room_summary::handler)
}
