//! `GET` and `PUT /_matrix/client/v1/admin/lock/{userId}`

use axum::extract::State;
use ruma::api::client::admin::{is_user_locked, lock_user};

use crate::{
    Answer, App, Authed, MatrixError,
    admin::{audited, manageable_status, must_be_manageable, require_administrator},
};

/// [Specification](https://spec.matrix.org/v1.19/client-server-api/#get_matrixclientv1adminlockuserid)
pub async fn get(
    State(app): State<App>,
    Authed { caller, request }: Authed<is_user_locked::v1::Request>,
) -> Result<Answer<is_user_locked::v1::Response>, MatrixError> {
    require_administrator(&caller)?;
    let status = manageable_status(&app, &caller, &request.user_id).await?;
    Ok(Answer(is_user_locked::v1::Response::new(status.locked)))
}

/// [Specification](https://spec.matrix.org/v1.19/client-server-api/#put_matrixclientv1adminlockuserid)
pub async fn put(
    State(app): State<App>,
    Authed { caller, request }: Authed<lock_user::v1::Request>,
) -> Result<Answer<lock_user::v1::Response>, MatrixError> {
    require_administrator(&caller)?;
    let action = if request.locked { "lock user" } else { "unlock user" };
    audited(&app, &caller.user, action, request.user_id.as_str(), async {
        must_be_manageable(&app, &caller, &request.user_id).await?;
        Ok(app.flows.set_locked(&request.user_id, request.locked).await?)
    })
    .await?;
    Ok(Answer(lock_user::v1::Response::new(request.locked)))
}
