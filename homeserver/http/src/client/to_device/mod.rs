//! Messages from device to device.

use crate::Routes;

mod send;

/// The endpoints of this area.
pub fn routes() -> Routes {
    Routes::new().ruma(send::handler)
}
