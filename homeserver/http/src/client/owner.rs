//! Paths that name the user whose data they are about.

use ruma::{OwnedUserId, UserId};

use crate::{App, Caller, MatrixError};

/// Refuses a caller who names somebody else.
pub(crate) fn require_owner(caller: &Caller, user: &UserId) -> Result<(), MatrixError> {
    if caller.user == user { Ok(()) } else { Err(MatrixError::forbidden("This belongs to another user")) }
}

/// The same for a path argument that was not parsed.
pub(crate) fn require_owner_named(caller: &Caller, user: &str) -> Result<(), MatrixError> {
    let user = UserId::parse(user).map_err(|error| MatrixError::invalid_param(error.to_string()))?;
    require_owner(caller, &user)
}

/// Refuses a caller who names somebody else's account data, but for an application service that keeps data of this type for
/// everybody here: its registration says so, and people say there what they want of it.
pub(crate) async fn require_keeper(
    app: &App,
    caller: &Caller,
    user: &str,
    kind: &str,
) -> Result<OwnedUserId, MatrixError> {
    let user = UserId::parse(user).map_err(|error| MatrixError::invalid_param(error.to_string()))?;
    let keeps = |service: &appservice::Service| service.account_data.contains(kind);
    let is_keeper = !caller.is_spoken_for() && caller.service.as_deref().is_some_and(keeps);
    if is_keeper
        && app.accounts.is_local(&user)
        && app.accounts.is_active(app.accounts.reader(), &user).await?
    {
        return Ok(user);
    }
    require_owner(caller, &user)?;
    Ok(user)
}
