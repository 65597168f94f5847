//! `POST /_matrix/client/v3/users/{userId}/report`

use administration::{NewReport, ReportKind};
use axum::extract::State;
use ruma::api::client::reporting::report_user::v3::{Request, Response};

use crate::{Answer, App, Authed, MatrixError};

/// [Specification](https://spec.matrix.org/v1.19/client-server-api/#post_matrixclientv3usersuseridreport).
/// A local user who does not exist is answered like one who does, so that nobody can find out by reporting.
pub async fn handler(
    State(app): State<App>,
    Authed { caller, request }: Authed<Request>,
) -> Result<Answer<Response>, MatrixError> {
    let is_nobody =
        app.accounts.is_local(&request.user_id) && !app.accounts.exists(&app.store, &request.user_id).await?;
    if !is_nobody {
        let report = NewReport {
            kind: ReportKind::User,
            reporter: caller.user,
            room: None,
            event: None,
            user: Some(request.user_id),
            reason: Some(request.reason),
            score: None,
        };
        app.administration.report(report).await?;
    }
    Ok(Answer(Response::new()))
}
