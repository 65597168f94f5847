//! The client-server API, one folder for each area and one file for each endpoint.

use crate::Routes;

pub mod discovery;

/// Every endpoint of the client-server API.
pub fn routes() -> Routes {
    Routes::new().merge(discovery::routes())
}
