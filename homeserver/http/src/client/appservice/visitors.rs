//! `POST /_matrix/client/unstable/com.lianqiao.people/visitors` and `DELETE …/visitors/{roomId}/{address}`: a service that looks
//! after people asks somebody from outside into a room of one of its own users, until a moment.
//!
//! What a visitor may do is in [`crate::extract::visiting`]. Whom the service may ask in is the room's decision: it is an invite
//! of the user that the service asks as. Each stands in the audit stream, with who asked for it.

use accounts::NewVisit;
use axum::{
    Json,
    extract::{Request, State},
};
use flows::VISIT_PATH;
use http::Method;
use ruma::{OwnedRoomId, RoomId, UserId};
use serde::Deserialize;
use serde_json::{Value, json};

use super::people::{asked, named};
use crate::{App, MatrixError, Routes, admin::audited, limits::VISIT_MS_MAX};

const PATH: &str = "/_matrix/client/unstable/com.lianqiao.people/visitors";
const PATH_OF_ONE: &str = "/_matrix/client/unstable/com.lianqiao.people/visitors/{roomId}/{address}";

/// Both methods.
pub fn routes() -> Routes {
    Routes::new().raw(Method::POST, PATH, invite).raw(Method::DELETE, PATH_OF_ONE, end)
}

#[derive(Deserialize)]
struct Asked {
    /// Who asked the service: for the audit stream, and whose visits end with their going where it is somebody of ours.
    by: String,
    address: String,
    name: String,
    room_id: OwnedRoomId,
    until_ms: u64,
}

async fn invite(State(app): State<App>, request: Request) -> Result<Json<Value>, MatrixError> {
    let (caller, asked): (_, Asked) = asked(&app, request).await?;
    if asked.until_ms > app.clock.now_ms().saturating_add(VISIT_MS_MAX) {
        return Err(MatrixError::invalid_param("The visit would take too long"));
    }
    let target = format!("{} into {} for {}", asked.address, asked.room_id, asked.by);
    let Asked { by, address, name, room_id: room, until_ms } = asked;
    let by = UserId::parse(by).ok().filter(|by| app.accounts.is_local(by));
    let visit = NewVisit { address, name, room, until_ms, by };
    audited(&app, &caller.user, "invite a visitor", &target, async {
        let invited = Box::pin(app.flows.invite_visitor(&caller.user, &visit)).await?;
        let path = format!("{VISIT_PATH}?token={}", invited.token);
        Ok(Json(json!({ "user_id": invited.user, "path": path })))
    })
    .await
}

async fn end(State(app): State<App>, request: Request) -> Result<Json<Value>, MatrixError> {
    let (caller, named) = named(&app, request).await?;
    let mut arguments = named.into_iter();
    let room = RoomId::parse(arguments.next().unwrap_or_default())
        .map_err(|error| MatrixError::invalid_param(format!("not a room id: {error}")))?;
    let address = arguments.next().unwrap_or_default();
    audited(&app, &caller.user, "end a visit", &format!("{address} in {room}"), async {
        app.accounts.end_visit(&address, &room).await?;
        Ok(Json(json!({})))
    })
    .await
}
