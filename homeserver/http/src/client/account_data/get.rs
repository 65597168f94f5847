//! `GET /_matrix/client/v3/user/{userId}/account_data/{type}` and the same of a room

use axum::extract::State;
use ruma::{
    RoomId, UserId,
    api::client::config::{
        get_global_account_data::v3 as global_data, get_room_account_data::v3 as room_data,
    },
};

use crate::{
    App, Authed, JsonBytes, MatrixError,
    client::owner::{require_keeper, require_owner},
};

/// [Specification](https://spec.matrix.org/v1.19/client-server-api/#get_matrixclientv3useruseridaccount_datatype)
pub async fn global(
    State(app): State<App>,
    Authed { caller, request }: Authed<global_data::Request>,
) -> Result<JsonBytes, MatrixError> {
    let kind = request.event_type.to_string();
    let user = require_keeper(&app, &caller, request.user_id.as_str(), &kind).await?;
    content(&app, &user, None, &kind).await
}

/// [Specification](https://spec.matrix.org/v1.19/client-server-api/#get_matrixclientv3useruseridroomsroomidaccount_datatype)
pub async fn room(
    State(app): State<App>,
    Authed { caller, request }: Authed<room_data::Request>,
) -> Result<JsonBytes, MatrixError> {
    require_owner(&caller, &request.user_id)?;
    content(&app, &request.user_id, Some(&request.room_id), &request.event_type.to_string()).await
}

async fn content(
    app: &App,
    user: &UserId,
    room: Option<&RoomId>,
    kind: &str,
) -> Result<JsonBytes, MatrixError> {
    let content = app.accounts.account_data(app.accounts.reader(), user, room, kind).await?;
    let content = content.ok_or_else(|| MatrixError::not_found("There is no such account data"))?;
    Ok(JsonBytes(String::from(Box::<str>::from(content)).into()))
}
