//! Finding people, and what one has in common with them.

use crate::Routes;

pub mod mutual_rooms;
pub mod search_users;

/// The endpoints of this area.
pub fn routes() -> Routes {
    Routes::new().ruma(search_users::handler).ruma(mutual_rooms::handler).ruma(mutual_rooms::unstable_handler)
}
