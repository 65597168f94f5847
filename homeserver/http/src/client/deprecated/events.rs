//! `GET /_matrix/client/v3/events`: one list of everything new, and peeking into one room.

use std::time::Duration;

use axum::{
    Json,
    extract::{Query, Request, State},
};
use rooms::pagination::PageQuery;
use ruma::{OwnedRoomId, api::Direction};
use serde::Deserialize;
use serde_json::{Value, json};
use tokio::time::{Instant, sleep_until};

use super::legacy::{filter, in_room, list, parsed, sync};
use crate::{
    App, Caller, MatrixError,
    client::{history::viewer, sync::while_session_lives},
    extract::required,
};

/// Events of one room in one answer.
const LIMIT: u64 = 100;
/// How long a peeking client waits, at most.
const PEEK_WAIT_MS_MAX: u64 = 60_000;

#[derive(Default, Deserialize)]
#[serde(default)]
pub struct Arguments {
    from: Option<String>,
    timeout: Option<u64>,
    room_id: Option<OwnedRoomId>,
}

/// [Specification](https://spec.matrix.org/v1.19/client-server-api/#get_matrixclientv3events)
pub async fn handler(
    State(app): State<App>,
    Query(arguments): Query<Arguments>,
    request: Request,
) -> Result<Json<Value>, MatrixError> {
    let (parts, _) = request.into_parts();
    let caller = required(&parts, &app).await?;
    let from = arguments.from.filter(|from| !from.is_empty());
    let timeout_ms = arguments.timeout.unwrap_or_default();
    if let Some(room_id) = &arguments.room_id {
        let room = app.rooms.readable_room(&app.store, &caller.user, room_id).await?;
        let is_member = room.member().is_some_and(|member| member.membership == rooms::Membership::Join);
        if !is_member {
            let answer = Box::pin(peek(&app, &caller, room_id, from, timeout_ms));
            return while_session_lives(&app, &caller.session, answer).await.map(Json);
        }
    }
    let answer = Box::pin(poll(&app, &caller, from, timeout_ms, arguments.room_id.as_ref()));
    while_session_lives(&app, &caller.session, answer).await.map(Json)
}

async fn poll(
    app: &App,
    caller: &Caller,
    from: Option<String>,
    timeout_ms: u64,
    only: Option<&OwnedRoomId>,
) -> Result<Value, MatrixError> {
    let start = match from {
        Some(from) => from,
        // Without a token the stream begins now.
        None => text(&sync(app, caller, None, filter(1, false), 0).await?["next_batch"]),
    };
    let mut answer = sync(app, caller, Some(start.clone()), filter(LIMIT, false), timeout_ms).await?;
    let end = answer["next_batch"].take();
    let mut chunk = if only.is_none() { list(&mut answer, "/presence/events") } else { Vec::new() };
    for membership in ["join", "invite", "leave"] {
        let Value::Object(rooms) = answer["rooms"][membership].take() else { continue };
        for (id, mut room) in rooms {
            if only.is_some_and(|only| *only != id.as_str()) {
                continue;
            }
            for part in ["/timeline/events", "/ephemeral/events"] {
                chunk.extend(in_room(list(&mut room, part), &id));
            }
            chunk.extend(in_room(list(&mut room, "/invite_state/events"), &id).pop());
        }
    }
    Ok(json!({ "start": start, "end": end, "chunk": chunk }))
}

/// A room that the caller may read and is not in: what came after the token, or comes while the client waits.
async fn peek(
    app: &App,
    caller: &Caller,
    room_id: &OwnedRoomId,
    from: Option<String>,
    timeout_ms: u64,
) -> Result<Value, MatrixError> {
    let room = app.rooms.readable_room(&app.store, &caller.user, room_id).await?;
    let mut news = app.rooms.peek(&room);
    let newest = model::TimelinePos::from(app.rooms.latest_position(room.room()).await?);
    let start = match &from {
        Some(from) => rooms::token::decode(from)
            .map_err(|_| MatrixError::invalid_param("from is not a token of this server"))?,
        None => newest,
    };
    let query = PageQuery {
        from: Some(start),
        to: None,
        direction: Direction::Forward,
        limit: LIMIT as usize,
        filter: rooms::filter::EventFilter::default(),
        lazy_load_members: false,
        has_more_elsewhere: false,
    };
    let deadline = Instant::now() + Duration::from_millis(timeout_ms.min(PEEK_WAIT_MS_MAX));
    let page = loop {
        let page = app.rooms.page(&app.store, viewer(caller), &room, &query).await?;
        if !page.chunk.is_empty() || Instant::now() >= deadline || app.shutdown.is_triggered() {
            break page;
        }
        tokio::select! {
            () = news.changed() => {}
            () = sleep_until(deadline) => {}
            () = app.shutdown.wait() => {}
        }
    };
    let end = match page.end {
        Some(end) => end,
        None if page.chunk.is_empty() => page.start.clone(),
        None => rooms::token::encode(
            newest.max(model::TimelinePos::from(app.rooms.latest_position(room.room()).await?)),
        ),
    };
    Ok(json!({ "start": page.start, "end": end, "chunk": parsed(&page.chunk) }))
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}
