//! Tokens of both generations: one token, which both take.

use serde_json::json;

use super::Outcome;
use super::reading::Call;
use crate::faults::Fault;
use crate::refusal::Refusal;
use crate::state::State;

/// The token of an app that knows its secret, and for how many seconds.
fn token(state: &mut State, client_id: &str, secret: &str) -> Option<(String, u64)> {
    let known = state.apps.get(client_id).filter(|app| app.secret == secret && !secret.is_empty());
    let client_id = known.map(|app| app.client_id.clone())?;
    let token = state.token_of(&client_id)?;
    let at_once = state.stage.faults.strikes(Fault::TokenExpiresAtOnce);
    Some((token, if at_once { 0 } else { state.settings.token_life_s }))
}

pub(super) fn access_token(state: &mut State, call: &Call) -> Outcome {
    let (token, life_s) = token(state, call.text("appKey"), call.text("appSecret"))
        .ok_or_else(|| Refusal::new(400, "invalidClientIdOrSecret", "无效的clientId或者clientSecret"))?;
    Ok(json!({ "accessToken": token, "expireIn": life_s }))
}

pub(super) fn unified(state: &mut State, call: &Call) -> Outcome {
    if call.text("grant_type") != "client_credentials" {
        return Err(Refusal::bad("unsupported.grant.type"));
    }
    if call.part(2) != state.corp_id {
        return Err(Refusal::new(401, "unauthorized.client", "unauthorized.client"));
    }
    let (token, life_s) = token(state, call.text("client_id"), call.text("client_secret"))
        .ok_or_else(|| Refusal::bad("invalid.client"))?;
    Ok(json!({ "access_token": token, "expires_in": life_s }))
}

pub(super) fn get_token(state: &mut State, call: &Call) -> Outcome {
    let (token, life_s) =
        token(state, call.query("appkey"), call.query("appsecret")).ok_or_else(|| Refusal::old(40_089))?;
    Ok(json!({ "access_token": token, "expires_in": life_s }))
}
