//! `PUT /_matrix/client/v3/room_keys/keys…`: one session, those of a room, or of many rooms.

use axum::extract::State;
use keys::NewSession;
use ruma::api::client::backup::{
    add_backup_keys::v3 as add_all, add_backup_keys_for_room::v3 as add_room,
    add_backup_keys_for_session::v3 as add_session,
};

use super::etag_and_count;
use crate::{Action, Answer, App, Authed, MatrixError};

/// [Specification](https://spec.matrix.org/v1.19/client-server-api/#put_matrixclientv3room_keyskeys)
pub async fn all(
    State(app): State<App>,
    Authed { caller, request }: Authed<add_all::Request>,
) -> Result<Answer<add_all::Response>, MatrixError> {
    app.limits.caller(&caller, Action::Keys)?;
    let rooms = request.rooms.iter();
    let sessions = rooms
        .flat_map(|(room, backup)| backup.sessions.iter().map(move |(id, key)| (room, id, key)))
        .map(|(room, id, key)| NewSession::check(room, id, key.json()))
        .collect::<Result<Vec<_>, _>>()?;
    let state = app.keys.put_sessions(&caller.user, &request.version, &sessions).await?;
    let (etag, count) = etag_and_count(state);
    Ok(Answer(add_all::Response::new(etag, count)))
}

/// [Specification](https://spec.matrix.org/v1.19/client-server-api/#put_matrixclientv3room_keyskeysroomid)
pub async fn room(
    State(app): State<App>,
    Authed { caller, request }: Authed<add_room::Request>,
) -> Result<Answer<add_room::Response>, MatrixError> {
    app.limits.caller(&caller, Action::Keys)?;
    let sessions = request.sessions.iter();
    let sessions = sessions
        .map(|(id, key)| NewSession::check(&request.room_id, id, key.json()))
        .collect::<Result<Vec<_>, _>>()?;
    let state = app.keys.put_sessions(&caller.user, &request.version, &sessions).await?;
    let (etag, count) = etag_and_count(state);
    Ok(Answer(add_room::Response::new(etag, count)))
}

/// [Specification](https://spec.matrix.org/v1.19/client-server-api/#put_matrixclientv3room_keyskeysroomidsessionid)
pub async fn session(
    State(app): State<App>,
    Authed { caller, request }: Authed<add_session::Request>,
) -> Result<Answer<add_session::Response>, MatrixError> {
    app.limits.caller(&caller, Action::Keys)?;
    let session = NewSession::check(&request.room_id, &request.session_id, request.session_data.json())?;
    let state = app.keys.put_sessions(&caller.user, &request.version, &[session]).await?;
    let (etag, count) = etag_and_count(state);
    Ok(Answer(add_session::Response::new(etag, count)))
}
