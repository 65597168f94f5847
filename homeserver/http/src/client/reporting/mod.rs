//! Reporting rooms, events and users to the administrators of this server.

use crate::Routes;

pub mod event;
pub mod room;
pub mod user;

/// The endpoints of this area.
pub fn routes() -> Routes {
    Routes::new().ruma(event::handler).ruma(room::handler).ruma(user::handler)
}
