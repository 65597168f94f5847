//! `PUT /_matrix/client/v3/user/{userId}/account_data/{type}` and the same of a room

use axum::extract::State;
use ruma::{
    RoomId,
    api::client::config::{
        set_global_account_data::v3 as global_data, set_room_account_data::v3 as room_data,
    },
};

use super::delete::refuse_server_controlled;
use crate::{
    Answer, App, Authed, MatrixError,
    client::owner::{require_keeper, require_owner_named},
    extract::Raw,
};

/// [Specification](https://spec.matrix.org/v1.19/client-server-api/#put_matrixclientv3useruseridaccount_datatype)
pub async fn global(
    State(app): State<App>,
    Authed { caller, request }: Authed<Raw<global_data::Request>>,
) -> Result<Answer<global_data::Response>, MatrixError> {
    let kind = request.argument(1);
    let user = require_keeper(&app, &caller, request.argument(0), kind).await?;
    refuse_server_controlled(None, kind)?;
    app.accounts.write_account_data(&user, None, kind, &request.object()?).await?;
    Ok(Answer(global_data::Response::new()))
}

/// [Specification](https://spec.matrix.org/v1.19/client-server-api/#put_matrixclientv3useruseridroomsroomidaccount_datatype)
pub async fn room(
    State(app): State<App>,
    Authed { caller, request }: Authed<Raw<room_data::Request>>,
) -> Result<Answer<room_data::Response>, MatrixError> {
    require_owner_named(&caller, request.argument(0))?;
    let room =
        RoomId::parse(request.argument(1)).map_err(|error| MatrixError::invalid_param(error.to_string()))?;
    let kind = request.argument(2);
    refuse_server_controlled(Some(&room), kind)?;
    app.accounts.write_account_data(&caller.user, Some(&room), kind, &request.object()?).await?;
    Ok(Answer(room_data::Response::new()))
}
