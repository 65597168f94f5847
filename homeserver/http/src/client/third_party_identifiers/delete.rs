//! `POST /_matrix/client/v3/account/3pid/delete`

use axum::extract::State;
use ruma::{
    api::client::account::{
        ThirdPartyIdRemovalStatus,
        delete_3pid::v3::{Request, Response},
    },
    thirdparty::Medium,
};

use crate::{Answer, App, Authed, MatrixError};

/// [Specification](https://spec.matrix.org/v1.19/client-server-api/#post_matrixclientv3account3piddelete)
pub async fn handler(
    State(app): State<App>,
    Authed { caller, request }: Authed<Request>,
) -> Result<Answer<Response>, MatrixError> {
    if request.medium == Medium::Email && app.accounts.remove_address(&caller.user, &request.address).await? {
        app.push.remove_email_pushers(&caller.user, &request.address).await?;
    }
    // Nothing was ever bound at an identity server by this one.
    Ok(Answer(Response::new(ThirdPartyIdRemovalStatus::NoSupport)))
}
