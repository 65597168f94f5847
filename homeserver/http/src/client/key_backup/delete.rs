//! `DELETE /_matrix/client/v3/room_keys/keys…`: one session, those of a room, or all.

use axum::extract::State;
use keys::SessionScope;
use ruma::api::client::backup::{
    delete_backup_keys::v3 as delete_all, delete_backup_keys_for_room::v3 as delete_room,
    delete_backup_keys_for_session::v3 as delete_session,
};

use super::etag_and_count;
use crate::{Answer, App, Authed, MatrixError};

/// [Specification](https://spec.matrix.org/v1.19/client-server-api/#delete_matrixclientv3room_keyskeys)
pub async fn all(
    State(app): State<App>,
    Authed { caller, request }: Authed<delete_all::Request>,
) -> Result<Answer<delete_all::Response>, MatrixError> {
    let state = app.keys.delete_sessions(&caller.user, &request.version, SessionScope::All).await?;
    let (etag, count) = etag_and_count(state);
    Ok(Answer(delete_all::Response::new(etag, count)))
}

/// [Specification](https://spec.matrix.org/v1.19/client-server-api/#delete_matrixclientv3room_keyskeysroomid)
pub async fn room(
    State(app): State<App>,
    Authed { caller, request }: Authed<delete_room::Request>,
) -> Result<Answer<delete_room::Response>, MatrixError> {
    let scope = SessionScope::Room(&request.room_id);
    let state = app.keys.delete_sessions(&caller.user, &request.version, scope).await?;
    let (etag, count) = etag_and_count(state);
    Ok(Answer(delete_room::Response::new(etag, count)))
}

/// [Specification](https://spec.matrix.org/v1.19/client-server-api/#delete_matrixclientv3room_keyskeysroomidsessionid)
pub async fn session(
    State(app): State<App>,
    Authed { caller, request }: Authed<delete_session::Request>,
) -> Result<Answer<delete_session::Response>, MatrixError> {
    let scope = SessionScope::Session(&request.room_id, &request.session_id);
    let state = app.keys.delete_sessions(&caller.user, &request.version, scope).await?;
    let (etag, count) = etag_and_count(state);
    Ok(Answer(delete_session::Response::new(etag, count)))
}
