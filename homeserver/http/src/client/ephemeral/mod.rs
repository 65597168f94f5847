//! What is not part of a room's history: receipts and read markers, typing, presence.

use crate::Routes;

pub mod presence;
pub mod read_markers;
pub mod receipt;
pub mod typing;

/// The endpoints of this area.
pub fn routes() -> Routes {
    Routes::new()
        .ruma(receipt::handler)
        .ruma(read_markers::handler)
        .ruma(typing::handler)
        .ruma(presence::get)
        .ruma(presence::put)
}
