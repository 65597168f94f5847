//! `GET /_matrix/client/v1/room_summary/{roomIdOrAlias}`

use axum::extract::State;
use ruma::{
    RoomAliasId,
    api::client::room::get_summary::v1::{Request, Response},
    events::room::member::MembershipState,
};

use crate::{Answer, App, MatrixError, MaybeAuthed};

/// [Specification](https://spec.matrix.org/v1.19/client-server-api/#get_matrixclientv1room_summaryroomidoralias)
pub async fn handler(
    State(app): State<App>,
    MaybeAuthed { caller, request, .. }: MaybeAuthed<Request>,
) -> Result<Answer<Response>, MatrixError> {
    let named = request.room_id_or_alias;
    let room_id = match <&RoomAliasId>::try_from(&*named) {
        Ok(alias) => app.rooms.room_of_alias(alias).await?,
        Err(_) => named.try_into().map_err(|_| missing())?,
    };
    let user = caller.as_ref().map(|caller| &*caller.user);
    let room = app.rooms.room_num(&app.store, &room_id).await?.ok_or_else(missing)?;
    if !app.rooms.may_preview(&app.store, room, user).await? {
        return Err(missing());
    }
    let mut response = Response::new(app.rooms.room_summary(&app.store, room).await?);
    if let Some(user) = user {
        let membership = app.rooms.membership_state(&app.store, room, user).await?;
        response.membership = Some(membership.unwrap_or(MembershipState::Leave));
    }
    Ok(Answer(response))
}

/// Closed and unknown rooms are told in the same words.
fn missing() -> MatrixError {
    MatrixError::not_found("Unknown room, or one that you may not look at")
}
