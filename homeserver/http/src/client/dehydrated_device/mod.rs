//! Dehydrated devices ([MSC3814](https://github.com/matrix-org/matrix-spec-proposals/pull/3814)).

use crate::Routes;

mod device;
mod events;

/// The endpoints of this area.
pub fn routes() -> Routes {
    Routes::new()
        .ruma(device::get)
        .ruma(device::put)
        .ruma(device::delete)
        .ruma(events::get)
        .ruma(events::post)
}
