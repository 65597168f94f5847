//! The server-server API, one folder for each area and one file for each endpoint.
//!
//! [`Peer`] is the extractor of everything that another server must have signed.

mod peer;

use crate::Routes;

pub mod availability;
pub mod devices;
pub mod directory;
pub mod keys;
pub mod media;
pub mod membership;
pub mod policy;
pub mod query;
pub mod rooms;
pub mod third_party;
pub mod version;

pub use peer::Peer;

/// Every endpoint of the server-server API.
pub fn routes() -> Routes {
    Routes::new()
        .ruma(version::handler)
        .merge(availability::routes())
        .merge(devices::routes())
        .merge(directory::routes())
        .merge(keys::routes())
        .merge(media::routes())
        .merge(membership::routes())
        .merge(policy::routes())
        .merge(query::routes())
        .merge(rooms::routes())
        .merge(third_party::routes())
}
