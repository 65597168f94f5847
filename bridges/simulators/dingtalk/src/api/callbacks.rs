//! Addresses for events that are registered by the API, and the events that they did not take.

use std::sync::Arc;

use axum::extract::{Request, State as Extracted};
use axum::response::Response;
use http::StatusCode;
use http_body_util::{BodyExt as _, Limited};
use serde_json::json;

use super::reading::Call;
use super::{Outcome, envelope};
use crate::delivery::webhook;
use crate::limits::FRAME_BYTES_MAX;
use crate::refusal::{Generation, Refusal, Trouble};
use crate::simulator::Shared;
use crate::state::State;
use crate::state::apps::EventAddress;

/// Events that one answer tells of.
const FAILED_MAX: usize = 200;

/// `POST /call_back/register_call_back` and `/call_back/update_call_back`: the address is asked before it is taken.
pub(crate) async fn register(Extracted(shared): Extracted<Arc<Shared>>, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let request_id = shared.state.lock().stage.chance.id("", 32);
    let body = Limited::new(body, FRAME_BYTES_MAX).collect().await.map(|body| body.to_bytes());
    let call = Call::read(Vec::new(), &parts, body.unwrap_or_default()).await;
    let Some(call) = call else { return envelope::status(StatusCode::BAD_REQUEST) };
    match take(&shared, &call, parts.uri.path().contains("update")).await {
        Ok(()) => envelope::answered(json!({}), Generation::Old, &request_id),
        Err(refusal) => envelope::refused(&refusal, Generation::Old, &request_id),
    }
}

async fn take(shared: &Shared, call: &Call, update: bool) -> Result<(), Refusal> {
    let (app, address) = {
        let state = shared.state.lock();
        let app = state.app_of_token(call.query("access_token"));
        let app = app.ok_or_else(|| Refusal::common(Trouble::Token, Generation::Old))?;
        if app.events.is_some() != update {
            return Err(Refusal::old(if update { 71_007 } else { 71_006 }));
        }
        let address = EventAddress {
            url: call.text("url").to_owned(),
            token: call.text("token").to_owned(),
            aes_key: call.text("aes_key").to_owned(),
            owner: state.corp_id.clone(),
            tags: call.texts("call_back_tag").into_iter().collect(),
        };
        (app.client_id.clone(), address)
    };
    webhook::check(shared, &address).await.map_err(|reason| {
        tracing::debug!(%reason, "an address did not pass its check");
        Refusal::old(400_002)
    })?;
    if let Some(app) = shared.state.lock().apps.get_mut(&app) {
        app.events = Some(address);
    }
    Ok(())
}

pub(super) fn get(state: &mut State, call: &Call) -> Outcome {
    let address = state.apps.get(&call.app).and_then(|app| app.events.clone());
    let address = address.ok_or_else(|| Refusal::old(71_007))?;
    Ok(json!({
        "call_back_tag": address.tags, "token": address.token, "aes_key": address.aes_key, "url": address.url,
    }))
}

pub(super) fn delete(state: &mut State, call: &Call) -> Outcome {
    let address = state.apps.get_mut(&call.app).and_then(|app| app.events.take());
    address.map(|_| json!({})).ok_or_else(|| Refusal::old(71_007))
}

/// What no address took, each event once.
pub(super) fn failed(state: &mut State, call: &Call) -> Outcome {
    let (events, has_more) = state.take_failed(&call.app, FAILED_MAX);
    Ok(json!({ "failed_list": events, "has_more": has_more }))
}
