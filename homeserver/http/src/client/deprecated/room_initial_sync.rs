//! `GET /_matrix/client/v3/rooms/{roomId}/initialSync`

use axum::{
    Json,
    extract::{Path, Query, Request, State},
};
use rooms::pagination::PageQuery;
use ruma::{RoomId, api::Direction};
use serde::Deserialize;
use serde_json::{Value, json};

use super::legacy::parsed;
use crate::{App, MatrixError, client::history::viewer, extract::required};

/// Messages when the client does not say.
const LIMIT_DEFAULT: usize = 10;

#[derive(Default, Deserialize)]
#[serde(default)]
pub struct Arguments {
    limit: Option<usize>,
}

/// [Specification](https://spec.matrix.org/v1.19/client-server-api/#get_matrixclientv3roomsroomidinitialsync)
pub async fn handler(
    State(app): State<App>,
    Path(room_id): Path<String>,
    Query(arguments): Query<Arguments>,
    request: Request,
) -> Result<Json<Value>, MatrixError> {
    let (parts, _) = request.into_parts();
    let caller = required(&parts, &app).await?;
    let room_id = RoomId::parse(room_id).map_err(|error| MatrixError::invalid_param(error.to_string()))?;
    let room = app.rooms.readable_room(&app.store, &caller.user, &room_id).await?;
    let query = PageQuery {
        from: None,
        to: None,
        direction: Direction::Backward,
        limit: arguments.limit.unwrap_or(LIMIT_DEFAULT),
        filter: rooms::filter::EventFilter::default(),
        lazy_load_members: false,
        has_more_elsewhere: false,
    };
    let page = app.rooms.page(&app.store, viewer(&caller), &room, &query).await?;
    let mut chunk = parsed(&page.chunk);
    chunk.reverse();
    let state = app.rooms.readable_state(&app.store, viewer(&caller), &room).await?;
    let account_data = app.accounts.account_data_about(&app.store, &caller.user, Some(&room_id)).await?;
    let account_data: Vec<Value> = account_data
        .into_iter()
        .map(|datum| json!({ "type": datum.kind, "content": datum.content }))
        .collect();
    let membership = room.member().map(|member| member.membership.as_str());
    let is_published = app.rooms.is_published(&room_id).await?;
    // The page goes back in time; the old form names the older end first.
    let start = page.end.unwrap_or_else(|| page.start.clone());
    let mut answer = json!({
        "room_id": room_id,
        "messages": { "start": start, "end": page.start, "chunk": chunk },
        "state": parsed(&state),
        "visibility": if is_published { "public" } else { "private" },
        "account_data": account_data,
        "presence": [],
        "receipts": [],
    });
    if let Some(membership) = membership {
        answer["membership"] = membership.into();
    }
    Ok(Json(answer))
}
