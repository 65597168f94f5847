//! What the homeserver asks on behalf of other servers and of people's programs: when is somebody busy? (MSC4496)
//!
//! Who asks is what the homeserver vouches for; what they may know is decided here.

use axum::{
    Json, Router,
    extract::{Path, Query, State},
    http::StatusCode,
    response::{IntoResponse as _, Response},
    routing::get,
};
use ruma::{OwnedServerName, UserId};
use serde::Deserialize;
use serde_json::json;

use crate::{
    availability::{span, written},
    service::{Asker, Availability, Calendars},
};

/// Where the question arrives.
const PATH: &str = "/_matrix/app/unstable/org.matrix.msc4496/user/{user}/availability";

/// The question.
#[derive(Deserialize)]
struct Question {
    start: String,
    end: String,
    /// The server that asks.
    server: String,
    /// For whom, where it says so; of that server.
    asker: Option<String>,
}

/// The route on which calendars answer the homeserver. Whoever serves it lets nobody else in.
pub fn questions(calendars: Calendars) -> Router {
    Router::new().route(PATH, get(availability)).with_state(calendars)
}

async fn availability(
    State(calendars): State<Calendars>,
    Path(user): Path<String>,
    Query(question): Query<Question>,
) -> Response {
    let invalid = |what: &str| refused(StatusCode::BAD_REQUEST, "M_INVALID_PARAM", what);
    let (Ok(who), Ok(server)) = (UserId::parse(&user), OwnedServerName::try_from(&*question.server)) else {
        return invalid("The user or the server is none");
    };
    let person = question.asker.as_deref().map(UserId::parse).transpose();
    let asker = match &person {
        Ok(Some(person)) if person.server_name() == server => Asker::Person(person),
        Ok(None) => Asker::Server(&server),
        Ok(Some(_)) | Err(_) => return invalid("Who asks is nobody of that server"),
    };
    let Some(within) = span(&question.start, &question.end) else {
        return invalid("start and end must be moments, the end behind the start");
    };
    match calendars.availability(asker, &who, within).await {
        Ok(Availability::Known(busy)) => match written(&who, within, &busy) {
            Some(answer) => Json(answer).into_response(),
            None => invalid("start or end lies out of all time"),
        },
        Ok(Availability::Refused) => {
            refused(StatusCode::FORBIDDEN, "M_FORBIDDEN", "You may not know when this user is busy")
        }
        Ok(Availability::Unknown) => {
            refused(StatusCode::NOT_FOUND, "M_NOT_FOUND", "It is not known when this user is busy")
        }
        Err(crate::CalendarError::TooLarge(what)) => invalid(what),
        Err(error) => {
            tracing::error!(%error, "a question about somebody's time cannot be answered");
            refused(StatusCode::INTERNAL_SERVER_ERROR, "M_UNKNOWN", "The calendar cannot be read")
        }
    }
}

fn refused(status: StatusCode, code: &str, error: &str) -> Response {
    (status, Json(json!({ "errcode": code, "error": error }))).into_response()
}
