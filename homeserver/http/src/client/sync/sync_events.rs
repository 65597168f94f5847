//! `GET /_matrix/client/v3/sync`

use axum::extract::State;
use ruma::api::client::sync::sync_events::v3::{Filter, Request};
use sync::{FilterChoice, StateForm, SyncRequest};

use super::{query::UnstableStateAfter, while_session_lives};
use crate::{App, GuestAllowed, JsonBytes, MatrixError, extract::With};

/// [Specification](https://spec.matrix.org/v1.19/client-server-api/#get_matrixclientv3sync)
pub async fn handler(
    State(app): State<App>,
    GuestAllowed { caller, request }: GuestAllowed<With<UnstableStateAfter, Request>>,
) -> Result<JsonBytes, MatrixError> {
    let With { request, part: unstable_state_after } = request;
    let state_form = match (request.use_state_after, unstable_state_after.wanted) {
        (true, _) => StateForm::After,
        (false, true) => StateForm::AfterUnstable,
        (false, false) => StateForm::Before,
    };
    let timeout = request.timeout.unwrap_or_default();
    let request = SyncRequest {
        user: caller.user.clone(),
        device: caller.device.clone(),
        filter: filter(request.filter)?,
        since: request.since,
        full_state: request.full_state,
        state_form,
        timeout_ms: u64::try_from(timeout.as_millis()).unwrap_or(u64::MAX),
        set_presence: request.set_presence,
    };
    let answer = Box::pin(async { Ok(app.sync.answer(request).await?) });
    Ok(JsonBytes(while_session_lives(&app, &caller.session, answer).await?))
}

/// The first character tells a filter from the id of one; what begins like JSON and is no filter is refused.
fn filter(filter: Option<Filter>) -> Result<FilterChoice, MatrixError> {
    match filter {
        Some(Filter::FilterDefinition(definition)) => Ok(FilterChoice::Inline(Box::new(definition))),
        Some(Filter::FilterId(id)) if id.trim_start().starts_with('{') => {
            Err(MatrixError::invalid_param("The filter cannot be read"))
        }
        Some(Filter::FilterId(id)) if !id.is_empty() => Ok(FilterChoice::Stored(id)),
        Some(_) | None => Ok(FilterChoice::Everything),
    }
}
