//! What a client asks before and after it logs in: where, which versions, which capabilities.

use crate::Routes;

pub mod capabilities;
pub mod versions;
pub mod well_known;

/// The endpoints of this area.
pub fn routes() -> Routes {
    Routes::new().ruma(versions::handler).ruma(capabilities::handler).merge(well_known::routes())
}
