//! `DELETE /_matrix/client/v3/directory/room/{roomAlias}`

use axum::extract::State;
use ruma::api::client::alias::delete_alias::v3::{Request, Response};

use crate::{Answer, App, Authed, MatrixError};

/// [Specification](https://spec.matrix.org/v1.19/client-server-api/#delete_matrixclientv3directoryroomroomalias)
pub async fn handler(
    State(app): State<App>,
    Authed { caller, request }: Authed<Request>,
) -> Result<Answer<Response>, MatrixError> {
    app.services.check_alias(&request.room_alias, caller.service.as_deref())?;
    let is_administrator = app.accounts.is_admin(&app.store, &caller.user).await?;
    app.rooms.delete_alias(&caller.user, is_administrator, &request.room_alias).await?;
    Ok(Answer(Response::new()))
}
