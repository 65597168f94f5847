//! How people log in: the page where they agree, tokens for codes, and who they are.
//!
//! It is OAuth with answers of the platform's own: flat ones for tokens, and HTTP 200 for every refusal to say who somebody is.

use std::collections::BTreeSet;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};
use simulator_stage::query;

use super::{Answer, Call, Outcome};
use crate::refusal::Refusal;
use crate::state::State;
use crate::state::logins::{ACCESS_LIFE_MS, Challenge, Grant, Pair, REFRESH_LIFE_MS};

/// Where tokens are had. Its refusals have another form than all others.
const TOKENS_AT: &str = "/authen/v2/oauth/token";
/// Scopes that one request may ask for.
const SCOPES_MAX: usize = 50;

/// Whether refusals of this path have the form of OAuth.
pub(super) fn is_flat(path: &str) -> bool {
    path.ends_with(TOKENS_AT)
}

/// A refusal in the form of OAuth.
pub(super) fn flat(refusal: &Refusal) -> Value {
    let error = match refusal.code {
        20_002 | 20_048 | 20_069 => "invalid_client",
        20_050 | 20_072 => "server_error",
        20_001 | 20_063 | 20_070 => "invalid_request",
        20_036 => "unsupported_grant_type",
        20_067 | 20_068 => "invalid_scope",
        _ => "invalid_grant",
    };
    json!({ "code": refusal.code, "error": error, "error_description": refusal.msg })
}

fn scopes_of(text: &str) -> BTreeSet<String> {
    text.split_whitespace().map(str::to_owned).collect()
}

/// `GET authen/v1/authorize`: whoever sits before the page agrees or does not, and is sent back to the app.
pub(crate) fn authorize(state: &mut State, call: &Call) -> Outcome {
    let (app, back) = (call.query("client_id"), call.query("redirect_uri"));
    if call.query("response_type") != "code" || back.is_empty() {
        return Err(Refusal::code(20_001));
    }
    let known = state.apps.get(app).ok_or(Refusal::code(20_048))?;
    let scopes = scopes_of(call.query("scope"));
    if scopes.len() > SCOPES_MAX || !scopes.iter().all(|scope| known.may(scope)) {
        return Err(Refusal::code(20_027));
    }
    let at_the_page = state.logins.at_the_page.clone();
    let (person, agrees) = at_the_page.ok_or_else(|| Refusal::ext(20_008, "nobody sits before the page"))?;
    let found = state.people.get(&person).ok_or(Refusal::code(20_008))?;
    if found.unavailable || found.resigned {
        return Err(Refusal::code(20_010));
    }
    let mut answer = match agrees {
        false => "error=access_denied".to_owned(),
        true => {
            let value = call.query("code_challenge").to_owned();
            let method = call.query_or("code_challenge_method", "plain").to_owned();
            let challenge = (!value.is_empty()).then_some(Challenge { method, value });
            format!("code={}", state.login_code(app, &person, scopes, challenge)?)
        }
    };
    if !call.query("state").is_empty() {
        answer = format!("{answer}&state={}", query::encoded(call.query("state")));
    }
    let joint = if back.contains('?') { '&' } else { '?' };
    Ok(Answer::Elsewhere(format!("{back}{joint}{answer}")))
}

/// `POST authen/v2/oauth/token`.
pub(crate) fn token(state: &mut State, call: &Call) -> Outcome {
    let given =
        |name: &str| Some(call.text(name)).filter(|text| !text.is_empty()).ok_or(Refusal::code(20_001));
    let app = given("client_id")?;
    let known = state.apps.get(app).ok_or(Refusal::code(20_048))?;
    if known.secret != given("client_secret")? {
        return Err(Refusal::code(20_002));
    }
    if known.disabled {
        return Err(Refusal::code(20_069));
    }
    let grant = match given("grant_type")? {
        "authorization_code" => {
            let verifier = call.text("code_verifier");
            state.redeem_code(app, given("code")?, |challenge| is_shown(challenge, verifier))?
        }
        "refresh_token" => state.redeem_refresh(app, given("refresh_token")?)?,
        _ => return Err(Refusal::code(20_036)),
    };
    if state.people.get(&grant.person).is_none_or(|person| person.resigned) {
        return Err(Refusal::code(20_066));
    }
    let asked = scopes_of(call.text("scope"));
    if !asked.is_subset(&grant.scopes) {
        return Err(Refusal::code(20_068));
    }
    let scopes = if asked.is_empty() { grant.scopes.clone() } else { asked };
    Ok(Answer::Whole(answer(&state.login_pair(Grant { scopes, ..grant })?)))
}

/// Whether somebody shows what a challenge was made of.
fn is_shown(challenge: &Challenge, verifier: &str) -> bool {
    match challenge.method.as_str() {
        "S256" => URL_SAFE_NO_PAD.encode(Sha256::digest(verifier.as_bytes())) == challenge.value,
        _ => verifier == challenge.value,
    }
}

fn answer(pair: &Pair) -> Value {
    let scope: Vec<&str> = pair.scopes.iter().map(String::as_str).collect();
    let mut answer = json!({
        "code": 0, "access_token": pair.access, "expires_in": ACCESS_LIFE_MS / 1_000, "token_type": "Bearer",
        "scope": scope.join(" "),
    });
    if let Some(refresh) = &pair.refresh {
        answer["refresh_token"] = refresh.clone().into();
        answer["refresh_token_expires_in"] = (REFRESH_LIFE_MS / 1_000).into();
    }
    answer
}

/// `GET authen/v1/user_info`, with the token of a person.
pub(crate) fn user_info(state: &mut State, call: &Call) -> Outcome {
    let refused = |code| Refusal { status: 200, ..Refusal::code(code) };
    let grant = state.logged_in(&call.bearer).map_err(|refusal| refused(refusal.code))?;
    let person = state.people.get(&grant.person).ok_or_else(|| refused(20_008))?;
    if person.resigned {
        return Err(refused(20_021));
    }
    let contact = state.contact(&grant.app, person);
    let mut info = json!({ "tenant_key": state.tenant_of(&grant.person) });
    for field in ["name", "en_name", "open_id", "union_id", "user_id", "email", "mobile"] {
        if let Some(value) = contact.get(field) {
            info[field] = value.clone();
        }
    }
    let sizes = [
        ("avatar_url", "avatar_72"),
        ("avatar_thumb", "avatar_72"),
        ("avatar_middle", "avatar_240"),
        ("avatar_big", "avatar_640"),
    ];
    for (field, size) in sizes {
        if let Some(value) = contact.pointer(&format!("/avatar/{size}")) {
            info[field] = value.clone();
        }
    }
    Ok(Answer::Data(info))
}
