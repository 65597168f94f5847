//! Who is in a room: joining, leaving, inviting and keeping out.

use crate::Routes;

pub mod ban;
pub mod forget;
pub mod invite;
pub mod join;
pub mod joined_rooms;
pub mod kick;
pub mod knock;
pub mod leave;
pub mod unban;

/// The endpoints of this area.
pub fn routes() -> Routes {
    Routes::new()
        .ruma(ban::handler)
        .ruma(forget::handler)
        .ruma(invite::handler)
        .ruma(join::by_id)
        .ruma(join::by_id_or_alias)
        .ruma(joined_rooms::handler)
        .ruma(kick::handler)
        .ruma(knock::handler)
        .ruma(leave::handler)
        .ruma(unban::handler)
}
