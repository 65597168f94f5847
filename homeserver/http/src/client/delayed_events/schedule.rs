//! `PUT /_matrix/client/unstable/org.matrix.msc4140/rooms/{roomId}/delayed_event/{eventType}/{txnId}`,
//! and the delay in the query of `send` and `state`.

use axum::extract::State;
use delivery::delayed_events::{DelayedEventError, NewDelayedEvent};
use http::StatusCode;
use model::limits::STICKY_DURATION_MS_MAX;
use rooms::TransactionKey;
use ruma::{RoomId, api::client::delayed_events::send_delayed_event::unstable::Request};
use serde::Deserialize;
use serde_json::{json, value::RawValue};

use crate::{
    App, Authed, Caller, JsonBytes, MatrixError,
    errors::ErrorCode,
    extract::{Arguments, Raw, visiting::check_state},
    rate_limits::Action,
};

/// The argument of `send` and `state` that makes their event a delayed one.
const DELAY: &str = "org.matrix.msc4140.delay";

#[derive(Deserialize)]
struct Body {
    /// ruma's name for it is the old one.
    #[serde(alias = "delay")]
    delay_ms: Option<u64>,
    state_key: Option<String>,
    content: Option<Box<RawValue>>,
    /// For how long the event is to be sticky once it is sent (MSC4354).
    #[serde(default, alias = "org.matrix.msc4354.sticky_duration_ms")]
    sticky_duration_ms: Option<u64>,
}

/// Schedules an event. The transaction is looked up before the body is read: a repeat may come without.
/// ([MSC4140](https://github.com/matrix-org/matrix-spec-proposals/pull/4140))
pub async fn handler(
    State(app): State<App>,
    Authed { caller, request }: Authed<Raw<Request>>,
) -> Result<JsonBytes, MatrixError> {
    let room_id = room_id(request.argument(0))?;
    let kind = request.argument(1).to_owned();
    let transaction = transaction(&caller, "delayed_event", &room_id, request.argument(2));
    if let Some(delay_id) = app.delayed_events.made_by(&caller.user, &transaction).await? {
        return Ok(answer(&delay_id));
    }
    let body: Body = serde_json::from_str(request.object()?.get())
        .map_err(|error| MatrixError::bad_json(error.to_string()))?;
    let delay_ms = body.delay_ms.ok_or_else(|| MatrixError::missing_param("delay_ms is missing"))?;
    let content = body.content.ok_or_else(|| MatrixError::missing_param("content is missing"))?;
    if body.state_key.is_some() {
        check_state(&caller, &kind)?;
    }
    count(&app, &caller, body.state_key.is_some())?;
    let new = NewDelayedEvent {
        user: caller.user,
        room_id,
        kind,
        state_key: body.state_key,
        content: rooms::canonical_object(content.get())?,
        delay_ms,
        sticky_duration_ms: body.sticky_duration_ms.map(|ms| ms.min(STICKY_DURATION_MS_MAX)),
        transaction: Some(transaction),
    };
    match app.delayed_events.schedule(new).await {
        Ok(delay_id) => Ok(answer(&delay_id)),
        // The newest text has another answer than the older form of the request.
        Err(DelayedEventError::DelayTooLong { delay_ms_max }) => {
            let message = format!("The delay may be {delay_ms_max} ms at most");
            Err(MatrixError::new(StatusCode::FORBIDDEN, ErrorCode::Forbidden, message))
        }
        Err(error) => Err(error.into()),
    }
}

/// The delay that the query of `send` or `state` asks for.
///
/// # Errors
/// 400 `M_INVALID_PARAM` for anything but a number of milliseconds.
pub(in crate::client) fn delay_ms(query: &Arguments) -> Result<Option<u64>, MatrixError> {
    let not_a_delay = |_| MatrixError::invalid_param(format!("{DELAY} must be a number of milliseconds"));
    query.get(DELAY).map(|text| text.parse().map_err(not_a_delay)).transpose()
}

/// Schedules what `send` or `state` was asked to send later.
pub(in crate::client) async fn instead(
    app: &App,
    caller: &Caller,
    new: NewDelayedEvent,
) -> Result<JsonBytes, MatrixError> {
    if let Some(transaction) = &new.transaction
        && let Some(delay_id) = app.delayed_events.made_by(&caller.user, transaction).await?
    {
        return Ok(answer(&delay_id));
    }
    count(app, caller, new.state_key.is_some())?;
    Ok(answer(&app.delayed_events.schedule(new).await?))
}

/// A repeated request of the same device, endpoint and room is the same request.
pub(in crate::client) fn transaction(
    caller: &Caller,
    endpoint: &str,
    room_id: &RoomId,
    transaction_id: &str,
) -> TransactionKey {
    TransactionKey {
        scope: caller.device.as_ref().map(ToString::to_string).unwrap_or_default(),
        endpoint: format!("{endpoint} {room_id}"),
        transaction_id: transaction_id.to_owned(),
    }
}

fn count(app: &App, caller: &Caller, is_state: bool) -> Result<(), MatrixError> {
    app.limits.caller(caller, if is_state { Action::State } else { Action::Message })
}

fn answer(delay_id: &str) -> JsonBytes {
    JsonBytes(json!({ "delay_id": delay_id }).to_string().into())
}

fn room_id(text: &str) -> Result<ruma::OwnedRoomId, MatrixError> {
    RoomId::parse(text).map_err(|error| MatrixError::invalid_param(format!("room id: {error}")))
}
