//! What concerns users of other servers.

use crate::Routes;

/// The endpoints of this area.
pub fn routes() -> Routes {
    Routes::new()
}
