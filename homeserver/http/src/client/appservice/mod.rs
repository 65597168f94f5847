//! What only application services ask for.

use std::sync::Arc;

use appservice::Service;

use crate::{Caller, MatrixError, Routes};

pub mod first_logins;
pub mod list_room;
mod people;
pub mod ping;
pub mod speaking;
pub mod standings;
pub mod visitors;

/// The endpoints of this area.
pub fn routes() -> Routes {
    Routes::new()
        .ruma(ping::handler)
        .ruma(list_room::handler)
        .merge(speaking::routes())
        .merge(first_logins::routes())
        .merge(standings::routes())
        .merge(visitors::routes())
}

/// The service that asks; a person may not.
fn service(caller: &Caller) -> Result<&Arc<Service>, MatrixError> {
    caller.service.as_ref().ok_or_else(|| MatrixError::forbidden("Only application services may do this"))
}
