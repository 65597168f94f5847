//! `GET /_matrix/client/v3/rooms/{roomId}/members`

use axum::extract::State;
use rooms::{Membership, state_reading::MembersQuery};
use ruma::{api::client::membership::get_member_events::v3::Request, events::room::member::MembershipState};

use crate::{
    App, GuestAllowed, JsonBytes, MatrixError,
    assemble::{ObjectWriter, total},
    client::history::{place, viewer},
};

/// [Specification](https://spec.matrix.org/v1.19/client-server-api/#get_matrixclientv3roomsroomidmembers)
pub async fn handler(
    State(app): State<App>,
    GuestAllowed { caller, request }: GuestAllowed<Request>,
) -> Result<JsonBytes, MatrixError> {
    let query = MembersQuery {
        at: place("at", request.at.as_deref())?,
        membership: membership("membership", request.membership.as_ref())?,
        not_membership: membership("not_membership", request.not_membership.as_ref())?,
    };
    let room = app.rooms.readable_room(&app.store, &caller.user, &request.room_id).await?;
    app.rooms.until_complete(room.room()).await?;
    let members = app.rooms.readable_members(&app.store, viewer(&caller), &room, &query).await?;
    Ok(ObjectWriter::with_capacity(total(&members) + 16).array("chunk", &members).finish())
}

fn membership(name: &str, wanted: Option<&MembershipState>) -> Result<Option<Membership>, MatrixError> {
    let unknown = || MatrixError::invalid_param(format!("{name} is not a membership"));
    wanted.map(|wanted| Membership::parse(wanted.as_str()).ok_or_else(unknown)).transpose()
}
