//! `GET /_matrix/client/v3/sync`

use std::future::Future;

use axum::extract::State;
use futures_util::TryFutureExt as _;
use ruma::{
    OwnedDeviceId, OwnedUserId,
    api::client::sync::sync_events::v3::{Filter, Request},
};
use sync::{FilterChoice, StateForm, SyncRequest};

use super::{query::UnstableStateAfter, while_session_lives};
use crate::{App, GuestAllowed, JsonBytes, MatrixError, extract::With};

/// [Specification](https://spec.matrix.org/v1.19/client-server-api/#get_matrixclientv3sync)
///
/// Not an `async fn`, which would hold the request as it came for as long as the poll waits.
pub fn handler(
    State(app): State<App>,
    GuestAllowed { caller, request }: GuestAllowed<With<UnstableStateAfter, Request>>,
) -> impl Future<Output = Result<JsonBytes, MatrixError>> + Send + 'static {
    let session = caller.session;
    let request = asked(caller.user, caller.device, request);
    async move {
        let answer = Box::pin(app.sync.answer(request?).err_into());
        Ok(JsonBytes(while_session_lives(&app, &session, answer).await?))
    }
}

fn asked(
    user: OwnedUserId,
    device: Option<OwnedDeviceId>,
    With { request, part: unstable_state_after }: With<UnstableStateAfter, Request>,
) -> Result<SyncRequest, MatrixError> {
    let state_form = match (request.use_state_after, unstable_state_after.wanted) {
        (true, _) => StateForm::After,
        (false, true) => StateForm::AfterUnstable,
        (false, false) => StateForm::Before,
    };
    let timeout = request.timeout.unwrap_or_default();
    Ok(SyncRequest {
        user,
        device,
        filter: filter(request.filter)?,
        since: request.since,
        full_state: request.full_state,
        state_form,
        timeout_ms: u64::try_from(timeout.as_millis()).unwrap_or(u64::MAX),
        set_presence: request.set_presence,
    })
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
