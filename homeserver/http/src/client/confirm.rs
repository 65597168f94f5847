//! Operations that their user confirms once more.

use accounts::Operation;
use ruma::api::client::uiaa::AuthData;

use crate::{Action, App, Caller, MatrixError};

/// Passes when the caller has confirmed the operation with their password; otherwise the answer is the
/// 401 that says what to do. A password shown here is counted like one at log-in, because a stolen
/// token must not become a place to guess the password.
pub(crate) async fn confirm(
    app: &App,
    caller: &Caller,
    operation: Operation,
    auth: Option<&AuthData>,
) -> Result<(), MatrixError> {
    // The operator vouches for application services, and their users have no password (MSC4190).
    if caller.service.is_some() {
        return Ok(());
    }
    if matches!(auth, Some(AuthData::Password(_))) {
        app.limits.user(&caller.user, Action::LoginFailed)?;
    }
    Ok(app.accounts.user_interactive(operation, &caller.user, auth).await?)
}
