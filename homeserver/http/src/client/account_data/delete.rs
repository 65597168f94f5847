//! `DELETE` of account data, global and of a room (MSC3391)

use axum::extract::State;
use http::StatusCode;
use ruma::{
    RoomId,
    api::{
        client::config::{
            set_global_account_data::v3 as global_data, set_room_account_data::v3 as room_data,
        },
        error::ErrorCode,
    },
};

use crate::{
    Answer, App, Authed, MatrixError, Routes,
    client::owner::require_owner_named,
    extract::{AsDelete, Raw},
};

const STABLE: &str = "/_matrix/client/v3/user/{user_id}";
const UNSTABLE: &str = "/_matrix/client/unstable/org.matrix.msc3391/user/{user_id}";

/// Both endpoints under the names of the proposal: ruma has no type for them.
pub fn routes() -> Routes {
    [STABLE, UNSTABLE].into_iter().fold(Routes::new(), |routes, prefix| {
        routes
            .ruma_at(&format!("{prefix}/account_data/{{event_type}}"), global)
            .ruma_at(&format!("{prefix}/rooms/{{room_id}}/account_data/{{event_type}}"), room)
    })
}

/// Deletes a piece of global account data; the other clients see `{}` once.
pub async fn global(
    State(app): State<App>,
    Authed { caller, request }: Authed<Raw<AsDelete<global_data::Request>>>,
) -> Result<Answer<global_data::Response>, MatrixError> {
    require_owner_named(&caller, request.argument(0))?;
    let kind = request.argument(1);
    refuse_server_controlled(None, kind)?;
    app.accounts.delete_account_data(&caller.user, None, kind).await?;
    Ok(Answer(global_data::Response::new()))
}

/// Deletes a piece of a room's account data.
pub async fn room(
    State(app): State<App>,
    Authed { caller, request }: Authed<Raw<AsDelete<room_data::Request>>>,
) -> Result<Answer<room_data::Response>, MatrixError> {
    require_owner_named(&caller, request.argument(0))?;
    let room =
        RoomId::parse(request.argument(1)).map_err(|error| MatrixError::invalid_param(error.to_string()))?;
    let kind = request.argument(2);
    refuse_server_controlled(Some(&room), kind)?;
    app.accounts.delete_account_data(&caller.user, Some(&room), kind).await?;
    Ok(Answer(room_data::Response::new()))
}

/// 405 `M_BAD_JSON`, as the specification has it for types that the server controls.
pub(super) fn refuse_server_controlled(room: Option<&RoomId>, kind: &str) -> Result<(), MatrixError> {
    if !accounts::is_server_controlled(room, kind) {
        return Ok(());
    }
    let message = format!("Cannot set {kind} through this API");
    Err(MatrixError::new(StatusCode::METHOD_NOT_ALLOWED, ErrorCode::BadJson, message))
}
