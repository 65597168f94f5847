//! `GET /_matrix/client/v3/initialSync`

use axum::{
    Json,
    extract::{Query, Request, State},
};
use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::legacy::{filter, in_room, list, sync};
use crate::{App, MatrixError, extract::required};

/// Messages of a room when the client does not say.
const LIMIT_DEFAULT: u64 = 10;

#[derive(Default, Deserialize)]
#[serde(default)]
pub struct Arguments {
    limit: Option<u64>,
    archived: bool,
}

/// [Specification](https://spec.matrix.org/v1.19/client-server-api/#get_matrixclientv3initialsync)
pub async fn handler(
    State(app): State<App>,
    Query(arguments): Query<Arguments>,
    request: Request,
) -> Result<Json<Value>, MatrixError> {
    let (parts, _) = request.into_parts();
    let caller = required(&parts, &app).await?;
    let filter = filter(arguments.limit.unwrap_or(LIMIT_DEFAULT), arguments.archived);
    let mut answer = sync(&app, &caller, None, filter, 0).await?;
    let end = answer["next_batch"].take();
    let mut rooms = Vec::new();
    for membership in ["join", "invite", "leave"] {
        if let Value::Object(found) = answer["rooms"][membership].take() {
            rooms.extend(found.into_iter().map(|(id, room)| translated(&id, membership, room, &end)));
        }
    }
    for room in &mut rooms {
        let id = room["room_id"].as_str().unwrap_or_default();
        if let Ok(id) = ruma::RoomId::parse(id) {
            let is_published = app.rooms.is_published(&id).await.unwrap_or(false);
            room["visibility"] = if is_published { "public" } else { "private" }.into();
        }
    }
    let presence = list(&mut answer, "/presence/events");
    let account_data = list(&mut answer, "/account_data/events");
    Ok(Json(json!({
        "end": end, "rooms": rooms, "presence": presence, "account_data": account_data, "receipts": [],
    })))
}

fn translated(id: &str, membership: &str, mut room: Value, end: &Value) -> Value {
    let mut entry = Map::new();
    entry.insert("room_id".to_owned(), id.into());
    entry.insert("membership".to_owned(), membership.into());
    if membership == "invite" {
        let mut stripped = in_room(list(&mut room, "/invite_state/events"), id);
        entry.insert("invite".to_owned(), stripped.pop().unwrap_or_default());
        return Value::Object(entry);
    }
    let chunk = in_room(list(&mut room, "/timeline/events"), id);
    let start = room.pointer("/timeline/prev_batch").cloned().unwrap_or_else(|| end.clone());
    entry.insert("messages".to_owned(), json!({ "start": start, "end": end, "chunk": chunk }));
    entry.insert("state".to_owned(), in_room(list(&mut room, "/state_after/events"), id).into());
    entry.insert("account_data".to_owned(), list(&mut room, "/account_data/events").into());
    Value::Object(entry)
}
