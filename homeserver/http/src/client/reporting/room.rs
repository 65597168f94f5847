//! `POST /_matrix/client/v3/rooms/{roomId}/report`

use administration::{NewReport, ReportKind};
use axum::extract::State;
use ruma::api::client::room::report_room::v3::{Request, Response};

use crate::{Answer, App, Authed, MatrixError};

/// [Specification](https://spec.matrix.org/v1.19/client-server-api/#post_matrixclientv3roomsroomidreport)
pub async fn handler(
    State(app): State<App>,
    Authed { caller, request }: Authed<Request>,
) -> Result<Answer<Response>, MatrixError> {
    app.rooms.known_room(&app.store, &request.room_id).await?;
    let report = NewReport {
        kind: ReportKind::Room,
        reporter: caller.user,
        room: Some(request.room_id),
        event: None,
        user: None,
        reason: Some(request.reason),
        score: None,
    };
    app.administration.report(report).await?;
    Ok(Answer(Response::new()))
}
