//! `PUT /_matrix/client/v3/rooms/{roomId}/redact/{eventId}/{txnId}`

use axum::extract::State;
use ruma::{
    EventId,
    api::client::redact::redact_event::v3::{Request, Response},
};
use serde::Deserialize;

use super::options;
use crate::{Answer, App, Authed, Caller, MatrixError, extract::WithBody, rate_limits::Action};

/// Which related events go with the redacted one (MSC3912), by any of the names that clients use.
#[derive(Default, Deserialize)]
struct Related {
    #[serde(default, rename = "org.matrix.msc3912.with_relations")]
    unstable_relations: Vec<String>,
    #[serde(default, rename = "org.matrix.msc3912.with_rel_types")]
    unstable_types: Vec<String>,
    #[serde(default)]
    with_relations: Vec<String>,
    #[serde(default)]
    with_rel_types: Vec<String>,
}

impl Related {
    fn of(body: &[u8]) -> Result<Vec<String>, MatrixError> {
        let related: Self =
            serde_json::from_slice(body).map_err(|error| MatrixError::bad_json(error.to_string()))?;
        let Self { unstable_relations, unstable_types, with_relations, with_rel_types } = related;
        Ok([unstable_relations, unstable_types, with_relations, with_rel_types].concat())
    }
}

/// Whether the user said the event themselves.
async fn is_own(app: &App, caller: &Caller, event: &EventId) -> Result<bool, MatrixError> {
    let found = app.rooms.pdu_by_id(&app.store, event).await?;
    Ok(found.is_some_and(|(_, pdu)| pdu.sender() == caller.user))
}

/// [Specification](https://spec.matrix.org/v1.19/client-server-api/#put_matrixclientv3roomsroomidredacteventidtxnid)
pub async fn handler(
    State(app): State<App>,
    Authed { caller, request }: Authed<WithBody<Request>>,
) -> Result<Answer<Response>, MatrixError> {
    app.limits.caller(&caller, Action::Message)?;
    let WithBody { request, part: body } = request;
    let related = Related::of(&body)?;
    // A suspended user may still take back what they said themselves.
    if caller.session.is_suspended && !is_own(&app, &caller, &request.event_id).await? {
        return Err(MatrixError::suspended());
    }
    // What the person could do to the words of others is not theirs to say.
    if caller.is_spoken_for() && !(related.is_empty() && is_own(&app, &caller, &request.event_id).await?) {
        return Err(MatrixError::forbidden(
            "The application service may take back nothing for this user but what they said",
        ));
    }
    let options = options(&caller, "redact", &request.room_id, request.txn_id.to_string());
    let Request { room_id, event_id: redacted, reason, .. } = request;
    let reason = reason.as_deref();
    let event_id = app.rooms.redact(&room_id, &caller.user, &redacted, reason, options).await?;
    if !related.is_empty() {
        app.rooms.redact_related(&room_id, &caller.user, &redacted, &related, reason).await?;
    }
    Ok(Answer(Response::new(event_id)))
}
