//! `GET /_matrix/client/v3/room_keys/keys…`: one session, those of a room, or all.
//!
//! A backup may hold a million sessions, and clients ask for all of them at once. The answer is written page by page
//! while it is sent, from one snapshot, so that it costs the memory of a page.

use axum::{
    body::Body,
    extract::State,
    response::{IntoResponse, Response},
};
use bytes::Bytes;
use futures_util::stream;
use http::{HeaderValue, StatusCode, header::CONTENT_TYPE};
use keys::{BackedUpSession, BackupSessionRow, limits::ROWS_PER_STEP_MAX};
use ruma::{
    OwnedRoomId, OwnedUserId, UserId,
    api::client::backup::{
        get_backup_keys::v3 as get_all, get_backup_keys_for_room::v3 as get_room,
        get_backup_keys_for_session::v3 as get_session,
    },
};
use serde::Serialize;
use serde_json::value::RawValue;
use store::Snapshot;

use super::{json, raw};
use crate::{App, Authed, MatrixError, answer::JsonBytes};

/// A session as clients know it.
#[derive(Serialize)]
struct Session<'a> {
    first_message_index: u64,
    forwarded_count: u64,
    is_verified: bool,
    session_data: &'a RawValue,
}

impl<'a> Session<'a> {
    fn new(row: &'a BackupSessionRow) -> Result<Self, MatrixError> {
        Ok(Self {
            first_message_index: row.first_message_index,
            forwarded_count: row.forwarded_count,
            is_verified: row.is_verified,
            session_data: raw(&row.session_data)?,
        })
    }
}

/// [Specification](https://spec.matrix.org/v1.19/client-server-api/#get_matrixclientv3room_keyskeys)
pub async fn all(
    State(app): State<App>,
    Authed { caller, request }: Authed<get_all::Request>,
) -> Result<Response, MatrixError> {
    stream_sessions(app, &caller.user, &request.version, None).await
}

/// [Specification](https://spec.matrix.org/v1.19/client-server-api/#get_matrixclientv3room_keyskeysroomid)
pub async fn room(
    State(app): State<App>,
    Authed { caller, request }: Authed<get_room::Request>,
) -> Result<Response, MatrixError> {
    stream_sessions(app, &caller.user, &request.version, Some(request.room_id)).await
}

/// [Specification](https://spec.matrix.org/v1.19/client-server-api/#get_matrixclientv3room_keyskeysroomidsessionid)
pub async fn session(
    State(app): State<App>,
    Authed { caller, request }: Authed<get_session::Request>,
) -> Result<JsonBytes, MatrixError> {
    let place = (&*request.room_id, request.session_id.as_str());
    let row = app.keys.session(&app.store, &caller.user, &request.version, place).await?;
    json(&Session::new(&row)?)
}

/// An answer under way.
struct Pages {
    app: App,
    snapshot: Snapshot,
    user: OwnedUserId,
    version: u64,
    /// The only room that is asked for.
    room: Option<OwnedRoomId>,
    /// Room and id of the last session that was written.
    after: Option<(String, String)>,
    finished: bool,
}

async fn stream_sessions(
    app: App,
    user: &UserId,
    version: &str,
    room: Option<OwnedRoomId>,
) -> Result<Response, MatrixError> {
    let snapshot = app.store.snapshot();
    let version = app.keys.backup(&snapshot, user, version).await?.version;
    let user = user.to_owned();
    let mut pages = Pages { app, snapshot, user, version, room, after: None, finished: false };
    // The first page is read before the status is sent, so that most failures still get one.
    let first = pages.next().await?;
    let rest = stream::try_unfold(pages, |mut pages| async move {
        if pages.finished {
            return Ok(None);
        }
        match pages.next().await {
            Ok(page) => Ok(Some((page, pages))),
            Err(_) => Err(std::io::Error::other("the backup cannot be read")),
        }
    });
    let body = stream::once(async { Ok(first) });
    let body = Body::from_stream(futures_util::StreamExt::chain(body, rest));
    let headers = [(CONTENT_TYPE, HeaderValue::from_static("application/json"))];
    Ok((StatusCode::OK, headers, body).into_response())
}

impl Pages {
    async fn next(&mut self) -> Result<Bytes, MatrixError> {
        let room = self.room.as_deref();
        let keys = &self.app.keys;
        let rows = keys.sessions(&self.snapshot, &self.user, self.version, room, self.after.as_ref()).await?;
        self.finished = rows.len() < ROWS_PER_STEP_MAX;
        let mut text = String::new();
        if self.after.is_none() {
            text.push_str(if self.room.is_some() { "{\"sessions\":{" } else { "{\"rooms\":{" });
        }
        for row in rows {
            self.write(&mut text, row)?;
        }
        if self.finished {
            // A room is open unless nothing was written or rooms are not named.
            let room_is_open = self.room.is_none() && self.after.is_some();
            text.push_str(if room_is_open { "}}}}" } else { "}}" });
        }
        Ok(Bytes::from(text))
    }

    fn write(&mut self, text: &mut String, (room, id, row): BackedUpSession) -> Result<(), MatrixError> {
        let same_room = self.after.as_ref().map(|(last, _)| *last == room);
        match (self.room.is_some(), same_room) {
            (true, None) | (false, None) => {}
            (true, Some(_)) | (false, Some(true)) => text.push(','),
            (false, Some(false)) => text.push_str("}},"),
        }
        if self.room.is_none() && same_room != Some(true) {
            text.push_str(&quoted(&room)?);
            text.push_str(":{\"sessions\":{");
        }
        text.push_str(&quoted(&id)?);
        text.push(':');
        let session = serde_json::to_string(&Session::new(&row)?);
        text.push_str(&session.map_err(|error| MatrixError::internal("serialise backup", error))?);
        self.after = Some((room, id));
        Ok(())
    }
}

fn quoted(text: &str) -> Result<String, MatrixError> {
    serde_json::to_string(text).map_err(|error| MatrixError::internal("serialise backup", error))
}
