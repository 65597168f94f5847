//! Names of rooms.

use crate::Routes;

pub mod create_alias;
pub mod delete_alias;
pub mod get_alias;
pub mod list_aliases;

/// The endpoints of this area.
pub fn routes() -> Routes {
    Routes::new()
        .ruma(create_alias::handler)
        .ruma(delete_alias::handler)
        .ruma(get_alias::handler)
        .ruma(list_aliases::handler)
}
