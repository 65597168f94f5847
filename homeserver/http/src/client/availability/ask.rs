//! `POST /_matrix/client/unstable/org.matrix.msc4496/user/{userId}/availability`

use appservice::AvailabilityQuestion;
use axum::{Json, extract::State};
use ruma::{OwnedUserId, UserId};
use serde::Deserialize;
use serde_json::Value;

use super::{Posted, checked, here};
use crate::{App, Authed, Caller, MatrixError};

#[derive(Deserialize)]
struct Wanted {
    range_start: String,
    range_end: String,
    /// For whom the service that keeps the calendars asks.
    #[serde(rename = "com.lianqiao.asker")]
    asker: Option<OwnedUserId>,
}

/// When somebody is busy: of this server, as the calendars here say; else as their own server says.
/// ([MSC4496](https://github.com/matrix-org/matrix-spec-proposals/pull/4496))
pub async fn handler(
    State(app): State<App>,
    Authed { caller, request }: Authed<Posted>,
) -> Result<Json<Value>, MatrixError> {
    let user = UserId::parse(request.argument(0))
        .map_err(|error| MatrixError::invalid_param(format!("not a user id: {error}")))?;
    let body = request.object()?;
    let wanted: Wanted =
        serde_json::from_str(body.get()).map_err(|error| MatrixError::bad_json(error.to_string()))?;
    let asker = asker(&app, &caller, wanted.asker)?;
    let (start, end) = (&*wanted.range_start, &*wanted.range_end);
    if app.accounts.is_local(&user) {
        let server = &app.settings.server_name;
        let question = AvailabilityQuestion { user: &user, server, asker: Some(&asker), start, end };
        return here(&app, question).await.map(Json);
    }
    checked(start, end)?;
    Ok(Json(app.federation.availability_of(&user, &asker, (start, end)).await?))
}

/// Who asks. The service that keeps the calendars asks for people of this server.
fn asker(app: &App, caller: &Caller, named: Option<OwnedUserId>) -> Result<OwnedUserId, MatrixError> {
    let Some(named) = named else { return Ok(caller.user.clone()) };
    let keeps_calendars = caller
        .service
        .as_ref()
        .is_some_and(|service| service.knows_availability && service.owns(&caller.user));
    if keeps_calendars && app.accounts.is_local(&named) {
        return Ok(named);
    }
    Err(MatrixError::forbidden("You may not ask for somebody else"))
}
