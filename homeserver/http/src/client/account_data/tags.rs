//! `GET`, `PUT` and `DELETE /_matrix/client/v3/user/{userId}/rooms/{roomId}/tags[/{tag}]`

use axum::{Json, extract::State};
use ruma::{
    RoomId,
    api::client::tag::{create_tag::v3 as create, delete_tag::v3 as remove, get_tags::v3 as get},
};
use serde_json::{Map, Value, json};

use crate::{
    Answer, App, Authed, MatrixError,
    client::owner::{require_owner, require_owner_named},
    extract::Raw,
};

/// [Specification](https://spec.matrix.org/v1.19/client-server-api/#get_matrixclientv3useruseridroomsroomidtags)
pub async fn all(
    State(app): State<App>,
    Authed { caller, request }: Authed<get::Request>,
) -> Result<Json<Value>, MatrixError> {
    require_owner(&caller, &request.user_id)?;
    let tags = app.accounts.tags(app.accounts.reader(), &caller.user, &request.room_id).await?;
    Ok(Json(json!({ "tags": tags })))
}

/// [Specification](https://spec.matrix.org/v1.19/client-server-api/#put_matrixclientv3useruseridroomsroomidtagstag)
pub async fn set(
    State(app): State<App>,
    Authed { caller, request }: Authed<Raw<create::Request>>,
) -> Result<Answer<create::Response>, MatrixError> {
    require_owner_named(&caller, request.argument(0))?;
    let room =
        RoomId::parse(request.argument(1)).map_err(|error| MatrixError::invalid_param(error.to_string()))?;
    let details: Map<String, Value> = serde_json::from_str(request.object()?.get())
        .map_err(|error| MatrixError::bad_json(error.to_string()))?;
    app.accounts.set_tag(&caller.user, &room, request.argument(2), details).await?;
    Ok(Answer(create::Response::new()))
}

/// [Specification](https://spec.matrix.org/v1.19/client-server-api/#delete_matrixclientv3useruseridroomsroomidtagstag)
pub async fn delete(
    State(app): State<App>,
    Authed { caller, request }: Authed<remove::Request>,
) -> Result<Answer<remove::Response>, MatrixError> {
    require_owner(&caller, &request.user_id)?;
    app.accounts.remove_tag(&caller.user, &request.room_id, &request.tag).await?;
    Ok(Answer(remove::Response::new()))
}
