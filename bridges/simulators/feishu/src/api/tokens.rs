//! Tokens of self-built apps.

use serde_json::json;

use super::{Answer, Call, Outcome};
use crate::refusal::Refusal;
use crate::state::State;

/// `POST auth/v3/tenant_access_token/internal`.
pub(crate) fn tenant(state: &mut State, call: &Call) -> Outcome {
    let (token, expire) = state.tenant_token(call.text("app_id"), call.text("app_secret"))?;
    Ok(Answer::Flat(json!({ "tenant_access_token": token, "expire": expire })))
}

/// `POST auth/v3/app_access_token/internal`; for self-built apps both are one.
pub(crate) fn app(state: &mut State, call: &Call) -> Outcome {
    let (token, expire) = state.tenant_token(call.text("app_id"), call.text("app_secret"))?;
    Ok(Answer::Flat(json!({ "app_access_token": token, "tenant_access_token": token, "expire": expire })))
}

/// `POST auth/v3/app_ticket/resend`, for apps of stores; self-built ones have no ticket.
pub(crate) fn resend(state: &mut State, call: &Call) -> Outcome {
    state.tenant_token(call.text("app_id"), call.text("app_secret"))?;
    Err(Refusal::code(10_016))
}
