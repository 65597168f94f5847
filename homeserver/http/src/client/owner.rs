//! Paths that name the user whose data they are about.

use ruma::UserId;

use crate::{Caller, MatrixError};

/// Refuses a caller who names somebody else.
pub(crate) fn require_owner(caller: &Caller, user: &UserId) -> Result<(), MatrixError> {
    if caller.user == user { Ok(()) } else { Err(MatrixError::forbidden("This belongs to another user")) }
}

/// The same for a path argument that was not parsed.
pub(crate) fn require_owner_named(caller: &Caller, user: &str) -> Result<(), MatrixError> {
    let user = UserId::parse(user).map_err(|error| MatrixError::invalid_param(error.to_string()))?;
    require_owner(caller, &user)
}
