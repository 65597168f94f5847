//! `POST /_matrix/client/v3/rooms/{roomId}/join` and `POST /_matrix/client/v3/join/{roomIdOrAlias}`

use axum::extract::State;
use bytes::Bytes;
use rooms::Joining;
use ruma::api::client::membership::{join_room_by_id, join_room_by_id_or_alias};

use crate::{
    Answer, App, Caller, GuestAllowed, MatrixError,
    extract::{WithBody, visiting::check_room},
    rate_limits::Action,
};

/// Keys of the body that are not meant for the member event.
const OWN_KEYS: [&str; 2] = ["third_party_signed", "reason"];

/// [Specification](https://spec.matrix.org/v1.19/client-server-api/#post_matrixclientv3roomsroomidjoin)
pub async fn by_id(
    State(app): State<App>,
    GuestAllowed { caller, request }: GuestAllowed<WithBody<join_room_by_id::v3::Request>>,
) -> Result<Answer<join_room_by_id::v3::Response>, MatrixError> {
    app.limits.caller(&caller, Action::Join)?;
    let WithBody { request, part: body } = request;
    check_room(&app, &caller, &request.room_id).await?;
    let joining = joining(&caller, request.reason, &body)?;
    app.flows.join_room(&request.room_id, &caller.user, &[], &joining).await?;
    Ok(Answer(join_room_by_id::v3::Response::new(request.room_id)))
}

/// [Specification](https://spec.matrix.org/v1.19/client-server-api/#post_matrixclientv3joinroomidoralias)
pub async fn by_id_or_alias(
    State(app): State<App>,
    GuestAllowed { caller, request }: GuestAllowed<WithBody<join_room_by_id_or_alias::v3::Request>>,
) -> Result<Answer<join_room_by_id_or_alias::v3::Response>, MatrixError> {
    app.limits.caller(&caller, Action::Join)?;
    let WithBody { request, part: body } = request;
    let joining = joining(&caller, request.reason, &body)?;
    app.services.prepare_alias(&request.room_id_or_alias).await?;
    let (room_id, via) = app.flows.resolve_room(&request.room_id_or_alias, request.via).await?;
    check_room(&app, &caller, &room_id).await?;
    app.flows.join_room(&room_id, &caller.user, &via, &joining).await?;
    Ok(Answer(join_room_by_id_or_alias::v3::Response::new(room_id)))
}

/// What the client says beyond the specification goes into the member event as it is.
fn joining(caller: &Caller, reason: Option<String>, body: &Bytes) -> Result<Joining, MatrixError> {
    let text = std::str::from_utf8(body).map_err(|_| MatrixError::not_json("The body is not UTF-8"))?;
    let mut extra = match text.trim() {
        "" => rooms::canonical_object("{}")?,
        text => rooms::canonical_object(text)?,
    };
    extra.retain(|key, _| !OWN_KEYS.contains(&key.as_str()));
    Ok(Joining { reason, extra, is_guest: caller.is_guest })
}
