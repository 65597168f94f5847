//! The pages to which apps send a browser to sign on: inside the client, and as a picture to scan. Whoever `SignOn` named decides at once.

use std::sync::Arc;

use axum::extract::{Request, State as Extracted};
use axum::response::{Html, IntoResponse as _, Response};
use bytes::Bytes;
use http::header::LOCATION;
use http::{StatusCode, Uri};
use simulator_stage::mishap::{self, Before};
use simulator_stage::query;

use super::{Call, envelope};
use crate::refusal::Refusal;
use crate::simulator::Shared;
use crate::state::State;
use crate::state::sign_on::Asked;

/// The page inside the client.
pub(crate) const INSIDE: &str = "/connect/oauth2/authorize";
/// The page with a picture to scan.
pub(crate) const SCANNED: &str = "/wwlogin/sso/login";
/// The same as it was called before.
pub(crate) const SCANNED_BEFORE: &str = "/wwopen/sso/qrConnect";

const SILENT: &str = "snsapi_base";
const PRIVATE: &str = "snsapi_privateinfo";
/// Characters of the state that an app gets back.
const STATE_MAX: usize = 128;

/// Serves a page.
pub(crate) async fn serve(Extracted(shared): Extracted<Arc<Shared>>, request: Request) -> Response {
    let (parts, _) = request.into_parts();
    let path = parts.uri.path().to_owned();
    match mishap::before(&*shared, &path).await {
        None => {}
        Some(Before::Broken) => return mishap::broken(Bytes::new()),
        Some(Before::Status(status)) => return envelope::empty(status),
    }
    let Some(call) = Call::read(&parts, Bytes::new()).await else {
        return envelope::empty(StatusCode::BAD_REQUEST);
    };
    let (response, after) = {
        let state = &mut *shared.state.lock();
        let opened = super::refused(state, &path, "").and_then(|()| open(state, &path, &call));
        let response =
            opened.unwrap_or_else(|refusal| page(&format!("{} ({})", refusal.message, refusal.code)));
        (response, mishap::after(&mut state.stage, &path))
    };
    match after {
        None => response,
        Some(after) => after.lose(response).await,
    }
}

/// A page that says something and leads nowhere. HTTP says 200 also where the platform refuses.
fn page(words: &str) -> Response {
    Html(format!("<!doctype html><meta charset=\"utf-8\"><title>企业微信</title><p>{words}</p>"))
        .into_response()
}

/// The way back of whoever has the page, with a code where they agree, and without one where they do not.
fn open(state: &mut State, path: &str, call: &Call) -> Result<Response, Refusal> {
    let asked = asked(state, path, call)?;
    let Some(browser) = state.sign_on.browser.clone() else {
        return Ok(page("请使用企业微信扫码登录 · scan it with WeCom: nobody does so yet"));
    };
    // Inside the client nobody is asked about who they are alone.
    let is_silent = path == INSIDE && !asked.is_private;
    let mut parts = Vec::new();
    if is_silent || browser.consents {
        parts.push(format!("code={}", state.sign_on_code(browser, asked)));
    }
    if !call.query("state").is_empty() {
        parts.push(format!("state={}", query::encoded(call.query("state"))));
    }
    let back = call.query("redirect_uri").split('#').next().unwrap_or_default();
    let mark = if back.contains('?') { '&' } else { '?' };
    let to = format!("{back}{mark}{}", parts.join("&"));
    Ok((StatusCode::FOUND, [(LOCATION, to)]).into_response())
}

/// Which app asks for what; refuses what is asked wrongly, or for an address that is not the app's.
fn asked(state: &State, path: &str, call: &Call) -> Result<Asked, Refusal> {
    if call.query("appid") != state.corp_id {
        return Err(Refusal::new(40_013));
    }
    let word = call.query("state");
    let is_plain = word.len() <= STATE_MAX && word.bytes().all(|byte| byte.is_ascii_alphanumeric());
    let scope = call.query("scope");
    let wrong = [
        ("response_type", path == INSIDE && call.query("response_type") != "code"),
        ("scope", path == INSIDE && ![SILENT, PRIVATE].contains(&scope)),
        ("state", path == INSIDE && !is_plain),
        ("login_type", path == SCANNED && call.query("login_type") != "CorpApp"),
    ];
    if let Some((name, _)) = wrong.into_iter().find(|(_, is_wrong)| *is_wrong) {
        return Err(Refusal::parameter(name));
    }
    let back: Uri = call.query("redirect_uri").parse().map_err(|_| Refusal::new(50_001))?;
    let is_private = path == INSIDE && scope == PRIVATE;
    let agent = match call.query("agentid") {
        "" if path == INSIDE && !is_private => {
            // Where no app is named it is the one to which the address belongs.
            state.apps.values().find(|app| app.is_at(&back)).map(|app| app.agent_id)
        }
        "" => return Err(Refusal::new(41_011)),
        agent => {
            let app = agent.parse().ok().and_then(|agent: u64| state.apps.get(&agent));
            let app = app.ok_or_else(|| Refusal::new(40_056))?;
            if app.disabled {
                return Err(Refusal::new(50_003));
            }
            Some(app).filter(|app| app.is_at(&back)).map(|app| app.agent_id)
        }
    };
    agent.map(|agent| Asked { agent, is_private }).ok_or_else(|| Refusal::new(50_001))
}
