//! Access tokens.

use serde_json::json;

use super::{Call, Outcome};
use crate::refusal::Refusal;
use crate::state::State;

pub(super) fn get_token(state: &mut State, call: &Call) -> Outcome {
    let (corp_id, secret) = (call.query("corpid"), call.query("corpsecret"));
    if corp_id.is_empty() {
        return Err(Refusal::new(41_002));
    }
    if secret.is_empty() {
        return Err(Refusal::new(41_004));
    }
    let now = state.now_ms();
    if state.banned_until_ms > now {
        return Err(Refusal::new(45_009));
    }
    if corp_id != state.corp_id {
        return Err(Refusal::new(40_013));
    }
    let app = state.apps.values().find(|app| app.secret == secret);
    let Some((agent, trusted)) = app.map(|app| (app.agent_id, app.trusted)) else {
        // Who tries wrong secrets again and again is not heard for an hour.
        state.wrong_secrets += 1;
        if state.wrong_secrets >= state.settings.wrong_secrets_max {
            state.wrong_secrets = 0;
            state.banned_until_ms = now + state.settings.ban_ms;
        }
        return Err(Refusal::new(40_001));
    };
    if !trusted {
        return Err(Refusal::new(60_020));
    }
    state.wrong_secrets = 0;
    let (token, expires_in) = state.token_of(agent);
    Ok(json!({ "access_token": token, "expires_in": expires_in }).into())
}

/// The addresses of the platform, one with a wildcard as there may be.
pub(super) fn addresses(_: &mut State, _: &Call) -> Outcome {
    Ok(json!({ "ip_list": ["127.0.0.1", "101.226.103.*"] }).into())
}
