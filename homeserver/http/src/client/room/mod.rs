//! Creating rooms and replacing them.

use crate::Routes;

pub mod create_room;
pub mod upgrade_room;

/// The endpoints of this area.
pub fn routes() -> Routes {
    Routes::new().ruma(create_room::handler).ruma(upgrade_room::handler)
}
