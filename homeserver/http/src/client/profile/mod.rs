//! Profiles.

use crate::Routes;

pub mod delete_field;
pub mod field;
pub mod get;
pub mod set_field;

/// The endpoints of this area. `displayname` and `avatar_url` are fields like any other.
pub fn routes() -> Routes {
    Routes::new()
        .ruma(get::handler)
        .ruma(field::handler)
        .ruma(set_field::handler)
        .ruma(delete_field::handler)
        .ruma_at("/_matrix/client/r0/profile/{user_id}/{field}", delete_field::handler)
}
