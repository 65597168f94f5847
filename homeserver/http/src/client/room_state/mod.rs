//! Reading the state of a room and the list of its members.

use crate::Routes;

pub mod get_state;
pub mod get_state_event;
pub mod joined_members;
pub mod members;

/// The endpoints of this area.
pub fn routes() -> Routes {
    Routes::new()
        .ruma(get_state::handler)
        .ruma_optional_last(get_state_event::handler)
        .ruma(members::handler)
        .ruma(joined_members::handler)
}
