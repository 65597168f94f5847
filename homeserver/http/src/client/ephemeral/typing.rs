//! `PUT /_matrix/client/v3/rooms/{roomId}/typing/{userId}`

use axum::extract::State;
use ruma::api::client::typing::create_typing_event::v3::{Request, Response, Typing};

use crate::{Action, Answer, App, Authed, MatrixError};

/// [Specification](https://spec.matrix.org/v1.19/client-server-api/#put_matrixclientv3roomsroomidtypinguserid)
pub async fn handler(
    State(app): State<App>,
    Authed { caller, request }: Authed<Request>,
) -> Result<Answer<Response>, MatrixError> {
    if request.user_id != caller.user {
        return Err(MatrixError::forbidden("You can only type for yourself"));
    }
    app.limits.caller(&caller, Action::Presence)?;
    let room = app.rooms.joined_room(&app.store, &caller.user, &request.room_id).await?;
    let audience = app.rooms.local_members(room.room()).await?;
    match request.state {
        Typing::Yes(info) => {
            let timeout_ms = u64::try_from(info.timeout.as_millis()).unwrap_or(u64::MAX);
            app.rooms.typing().start(room.room(), &caller.user, timeout_ms, audience);
        }
        Typing::No => app.rooms.typing().stop(room.room(), &caller.user, &audience),
    }
    app.rooms.presence_active(&caller.user).await?;
    Ok(Answer(Response::new()))
}
