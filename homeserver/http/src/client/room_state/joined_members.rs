//! `GET /_matrix/client/v3/rooms/{roomId}/joined_members`

use std::collections::BTreeMap;

use axum::extract::State;
use ruma::{OwnedUserId, api::client::membership::joined_members::v3::Request};
use serde::Serialize;

use crate::{App, Authed, JsonBytes, MatrixError};

/// The answer by hand: ruma leaves an unset name or picture out, and clients expect `null`.
#[derive(Serialize)]
struct Joined {
    joined: BTreeMap<OwnedUserId, JoinedMember>,
}

#[derive(Serialize)]
struct JoinedMember {
    display_name: Option<String>,
    avatar_url: Option<String>,
}

/// [Specification](https://spec.matrix.org/v1.19/client-server-api/#get_matrixclientv3roomsroomidjoined_members)
pub async fn handler(
    State(app): State<App>,
    Authed { caller, request }: Authed<Request>,
) -> Result<JsonBytes, MatrixError> {
    let room = app.rooms.joined_room(&app.store, &caller.user, &request.room_id).await?;
    app.rooms.until_complete(room.room()).await?;
    let profiles = app.rooms.joined_profiles(&app.store, &room).await?;
    let joined = profiles.into_iter().map(|(user, profile)| {
        let avatar_url = profile.avatar_url.filter(|url| !url.is_empty());
        (user, JoinedMember { display_name: profile.displayname, avatar_url })
    });
    let answer = serde_json::to_vec(&Joined { joined: joined.collect() });
    Ok(JsonBytes(answer.map_err(|error| MatrixError::internal("write joined members", error))?.into()))
}
