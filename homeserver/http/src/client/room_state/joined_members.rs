//! `GET /_matrix/client/v3/rooms/{roomId}/joined_members`

use axum::extract::State;
use ruma::api::client::membership::joined_members::v3::{Request, Response, RoomMember};

use crate::{Answer, App, Authed, MatrixError};

/// [Specification](https://spec.matrix.org/v1.19/client-server-api/#get_matrixclientv3roomsroomidjoined_members)
pub async fn handler(
    State(app): State<App>,
    Authed { caller, request }: Authed<Request>,
) -> Result<Answer<Response>, MatrixError> {
    let room = app.rooms.joined_room(&app.store, &caller.user, &request.room_id).await?;
    let profiles = app.rooms.joined_profiles(&app.store, &room).await?;
    let joined = profiles.into_iter().map(|(user, profile)| {
        let mut member = RoomMember::new();
        member.display_name = profile.displayname;
        member.avatar_url = profile.avatar_url.filter(|url| !url.is_empty()).map(Into::into);
        (user, member)
    });
    Ok(Answer(Response::new(joined.collect())))
}
