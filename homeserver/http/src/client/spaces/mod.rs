//! Rooms seen from outside: the tree below a space, and the summary of one room.

use crate::Routes;

pub mod hierarchy;
pub mod room_summary;

/// The endpoints of this area.
pub fn routes() -> Routes {
    Routes::new()
        .ruma(hierarchy::handler)
        .ruma(room_summary::handler)
        // MSC3266, as clients ask that know neither version of the path in ruma.
        .ruma_at(
            "/_matrix/client/unstable/im.nheko.summary/summary/{room_id_or_alias}",
            room_summary::handler,
        )
}
