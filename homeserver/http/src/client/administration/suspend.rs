//! `GET` and `PUT /_matrix/client/v1/admin/suspend/{userId}`

use axum::extract::State;
use ruma::api::client::admin::{is_user_suspended, suspend_user};

use crate::{
    Answer, App, Authed, MatrixError,
    admin::{audited, manageable_status, must_be_manageable, require_administrator},
};

/// [Specification](https://spec.matrix.org/v1.19/client-server-api/#get_matrixclientv1adminsuspenduserid)
pub async fn get(
    State(app): State<App>,
    Authed { caller, request }: Authed<is_user_suspended::v1::Request>,
) -> Result<Answer<is_user_suspended::v1::Response>, MatrixError> {
    require_administrator(&caller)?;
    let status = manageable_status(&app, &caller, &request.user_id).await?;
    Ok(Answer(is_user_suspended::v1::Response::new(status.suspended)))
}

/// [Specification](https://spec.matrix.org/v1.19/client-server-api/#put_matrixclientv1adminsuspenduserid)
pub async fn put(
    State(app): State<App>,
    Authed { caller, request }: Authed<suspend_user::v1::Request>,
) -> Result<Answer<suspend_user::v1::Response>, MatrixError> {
    require_administrator(&caller)?;
    let action = if request.suspended { "suspend user" } else { "end suspension of user" };
    audited(&app, &caller.user, action, request.user_id.as_str(), async {
        must_be_manageable(&app, &caller, &request.user_id).await?;
        Ok(app.accounts.set_suspended(&request.user_id, request.suspended).await?)
    })
    .await?;
    Ok(Answer(suspend_user::v1::Response::new(request.suspended)))
}
