//! `POST /_matrix/client/v3/rooms/{roomId}/report/{eventId}`

use administration::{NewReport, ReportKind};
use axum::extract::State;
use ruma::api::client::room::report_content::v3::{Request, Response};
use serde::Deserialize;

use crate::{Action, Answer, App, Authed, MatrixError, client::history::viewer, extract::WithBody};

/// Older clients say how bad it is, from -100 to 0.
#[derive(Deserialize)]
struct Score {
    #[serde(default)]
    score: Option<i64>,
}

/// [Specification](https://spec.matrix.org/v1.19/client-server-api/#post_matrixclientv3roomsroomidreporteventid).
/// An event that the reporter may not see looks like one that does not exist.
pub async fn handler(
    State(app): State<App>,
    Authed { caller, request: WithBody { request, part: body } }: Authed<WithBody<Request>>,
) -> Result<Answer<Response>, MatrixError> {
    app.limits.caller(&caller, Action::Other)?;
    let score =
        serde_json::from_slice::<Score>(&body).map_err(|error| MatrixError::bad_json(error.to_string()))?;
    let not_found = |_| MatrixError::not_found("The event was not found or you are not joined to the room.");
    let room = app.rooms.joined_room(&app.store, &caller.user, &request.room_id).await.map_err(not_found)?;
    let event = app
        .rooms
        .visible_event(&app.store, viewer(&caller), room.room_id(), &request.event_id)
        .await
        .map_err(not_found)?;
    let report = NewReport {
        kind: ReportKind::Event,
        reporter: caller.user.clone(),
        room: Some(request.room_id),
        event: Some(request.event_id),
        user: Some(event.shown().pdu.sender().to_owned()),
        reason: request.reason,
        score: score.score,
    };
    app.administration.report(report).await?;
    Ok(Answer(Response::new()))
}
