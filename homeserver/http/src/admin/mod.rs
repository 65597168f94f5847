//! `/_synapse/admin`: the calls of Synapse's administration interface that consoles, moderation bots and
//! tests use, in the form that those expect, and `/_lianqiao/admin` for what Synapse does not have.
//!
//! Every call goes through [`call`]: administrators only, and whatever is not a GET stands in the audit
//! stream before it is done. The [documentation](https://element-hq.github.io/synapse/latest/usage/administration/admin_api/index.html)
//! of Synapse names paths and fields.

mod audit;
mod call;
mod destinations;
mod devices;
mod federation_policy;
mod media;
mod notices;
mod purge;
mod registration_tokens;
mod reports;
mod room_acts;
mod rooms;
mod server;
mod statistics;
mod user_acts;
mod user_reads;
mod users;

use accounts::UserStatus;
use ruma::UserId;

pub(crate) use call::{audited, require_administrator};

use crate::{App, Caller, MatrixError, Routes};

/// Every endpoint of administration.
pub fn routes() -> Routes {
    Routes::new()
        .merge(audit::routes())
        .merge(destinations::routes())
        .merge(devices::routes())
        .merge(federation_policy::routes())
        .merge(media::routes())
        .merge(notices::routes())
        .merge(purge::routes())
        .merge(registration_tokens::routes())
        .merge(reports::routes())
        .merge(room_acts::routes())
        .merge(rooms::routes())
        .merge(server::routes())
        .merge(statistics::routes())
        .merge(user_acts::routes())
        .merge(user_reads::routes())
        .merge(users::routes())
}

/// The status of a user whom administrators may lock or suspend: local, not closed, and no other
/// administrator.
pub(crate) async fn manageable_status(
    app: &App,
    caller: &Caller,
    user: &UserId,
) -> Result<UserStatus, MatrixError> {
    if !app.accounts.is_local(user) {
        return Err(MatrixError::invalid_param("The user does not belong to this server"));
    }
    let status = app.accounts.status(&app.store, user).await?.filter(|status| !status.deactivated);
    let status = status.ok_or_else(|| MatrixError::not_found("User not found"))?;
    if status.admin && *user != caller.user {
        return Err(MatrixError::forbidden("The user is another administrator"));
    }
    Ok(status)
}

/// The same of a user whom the caller is about to lock or suspend: not themselves.
pub(crate) async fn must_be_manageable(app: &App, caller: &Caller, user: &UserId) -> Result<(), MatrixError> {
    if *user == caller.user {
        return Err(MatrixError::forbidden("You may not do this to your own account"));
    }
    manageable_status(app, caller, user).await.map(drop)
}
