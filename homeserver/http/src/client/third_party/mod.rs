//! Look-ups in third-party networks. This server has no bridge that answers them, so there is no
//! protocol, and nothing is ever found.

use crate::{MatrixError, Routes};

pub mod locations;
pub mod protocols;
pub mod users;

/// The endpoints of this area.
pub fn routes() -> Routes {
    Routes::new()
        .ruma(protocols::all)
        .ruma(protocols::one)
        .ruma(locations::of_protocol)
        .ruma(locations::of_alias)
        .ruma(users::of_protocol)
        .ruma(users::of_user)
}

fn no_protocol() -> MatrixError {
    MatrixError::not_found("No bridge of this server speaks this protocol")
}
