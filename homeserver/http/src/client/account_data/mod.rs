//! Account data, global and per room, and the tags that live in it. Types that an application service keeps for everybody it
//! reads and writes here too.

use crate::Routes;

pub mod delete;
pub mod get;
pub mod set;
pub mod tags;

/// The endpoints of this area.
pub fn routes() -> Routes {
    Routes::new()
        .ruma(get::global)
        .ruma(get::room)
        .ruma(set::global)
        .ruma(set::room)
        .merge(delete::routes())
        .ruma(tags::all)
        .ruma(tags::set)
        .ruma(tags::delete)
}
