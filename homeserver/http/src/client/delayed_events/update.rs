//! `POST /_matrix/client/unstable/org.matrix.msc4140/delayed_events/{delayId}/{action}`, and the older
//! form with the action in the body.
//!
//! Whoever knows the id may act, with a token or without: the server of a call takes a participant out
//! who is gone.

use axum::extract::State;
use ruma::api::client::delayed_events::update_delayed_event::unstable_v1::Request;
use serde::Deserialize;

use crate::{
    App, JsonBytes, MatrixError,
    extract::{MaybeAuthed, Raw},
    rate_limits::Action,
};

/// The action is the last part of the path; any other than these three is no endpoint.
pub async fn by_path(
    State(app): State<App>,
    MaybeAuthed { request, .. }: MaybeAuthed<Raw<Request>>,
) -> Result<JsonBytes, MatrixError> {
    act(&app, request.argument(0), request.argument(1)).await
}

/// The action is in the body.
pub async fn by_body(
    State(app): State<App>,
    MaybeAuthed { request, .. }: MaybeAuthed<Raw<Request>>,
) -> Result<JsonBytes, MatrixError> {
    #[derive(Deserialize)]
    struct Body {
        action: String,
    }
    let body: Body = serde_json::from_str(request.object()?.get())
        .map_err(|_| MatrixError::missing_param("action is missing"))?;
    act(&app, request.argument(0), &body.action).await
}

async fn act(app: &App, delay_id: &str, action: &str) -> Result<JsonBytes, MatrixError> {
    let delayed_events = &app.delayed_events;
    match action {
        "send" => {
            if let Some((user, is_state)) = delayed_events.sender_of(delay_id).await? {
                app.limits.user(&user, if is_state { Action::State } else { Action::Message })?;
            }
            delayed_events.send(delay_id).await?;
        }
        "cancel" => delayed_events.cancel(delay_id).await?,
        "restart" => delayed_events.restart(delay_id).await?,
        _ => return Err(MatrixError::unrecognized()),
    }
    Ok(JsonBytes("{}".into()))
}
