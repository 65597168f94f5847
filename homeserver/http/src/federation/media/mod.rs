//! Content for other servers.

use crate::Routes;

pub mod download;
mod multipart;
pub mod thumbnail;

/// The endpoints of this area.
pub fn routes() -> Routes {
    Routes::new().ruma(download::handler).ruma(thumbnail::handler)
}
