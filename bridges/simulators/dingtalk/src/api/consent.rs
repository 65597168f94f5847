//! The page on which people let an app know who they are. It asks for no token; who presses is whose link it is.

use std::sync::Arc;

use axum::extract::{RawQuery, State as Extracted};
use axum::response::Response;
use http::header::LOCATION;
use http::{HeaderValue, StatusCode};
use simulator_stage::query;

use super::envelope;
use crate::faults::Fault;
use crate::simulator::Shared;
use crate::state::State;
use crate::state::logins::Kind;

const HTML: &str = "text/html;charset=utf-8";
const REFUSED: &str = "access_denied";

/// What an app asks for.
struct Wanted {
    app: String,
    redirect: String,
    tells_corp: bool,
    /// As it stands in the query, to be given back so.
    state: String,
    /// The unionId of who agrees.
    person: String,
}

/// Reads a query; the reason why it is refused on the page itself, because nobody can be sent back.
fn read(state: &State, raw: &str) -> Result<Wanted, &'static str> {
    let pairs = query::pairs(raw);
    let value = |name: &str| {
        pairs.iter().find(|(known, _)| known == name).map(|(_, value)| value.clone()).unwrap_or_default()
    };
    let (client_id, redirect, scope) = (value("client_id"), value("redirect_uri"), value("scope"));
    let app = state.apps.get(&client_id).ok_or("client_id")?;
    if !app.redirects.contains(&redirect) {
        return Err("redirect_uri");
    }
    if value("response_type") != "code" {
        return Err("response_type");
    }
    let scopes: Vec<&str> = scope.split(' ').collect();
    if !scopes.contains(&"openid") {
        return Err("scope");
    }
    let given = raw.split('&').find_map(|pair| pair.strip_prefix("state=")).unwrap_or_default().to_owned();
    let tells_corp = scopes.contains(&"corpid");
    Ok(Wanted { app: client_id, redirect, tells_corp, state: given, person: value("person") })
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

fn page(status: StatusCode, body: &str) -> Response {
    let whole = format!("<!doctype html><meta charset=\"utf-8\"><title>钉钉</title><body>{body}</body>");
    envelope::raw(status, HTML, whole.into())
}

fn refused(parameter: &str) -> Response {
    page(StatusCode::BAD_REQUEST, &format!("<p>参数错误 · wrong parameter: {parameter}</p>"))
}

/// `GET /oauth2/auth?redirect_uri=..&response_type=code&client_id=..&scope=..&state=..`: everybody who may agree, each with a link.
pub(crate) async fn ask(Extracted(shared): Extracted<Arc<Shared>>, RawQuery(raw): RawQuery) -> Response {
    let (state, raw) = (shared.state.lock(), raw.unwrap_or_default());
    let wanted = match read(&state, &raw) {
        Ok(wanted) => wanted,
        Err(parameter) => return refused(parameter),
    };
    let app = state.name_of(&wanted.app);
    let link = |person: &str, name: &str| {
        let address = escaped(&format!("/oauth2/consent?{raw}{person}"));
        format!("<li><a href=\"{address}\">{}</a></li>", escaped(name))
    };
    let people = state.people.values().filter(|person| !person.resigned);
    let mut links: String =
        people.map(|person| link(&format!("&person={}", person.union_id), &person.name)).collect();
    links.push_str(&link("", "拒绝 · refuse"));
    page(StatusCode::OK, &format!("<h1>{}</h1><ul>{links}</ul>", escaped(&app)))
}

/// `GET /oauth2/consent`, the same query and who agrees; nobody refuses. Sends the browser back.
pub(crate) async fn answer(Extracted(shared): Extracted<Arc<Shared>>, RawQuery(raw): RawQuery) -> Response {
    let state = &mut *shared.state.lock();
    let wanted = match read(state, &raw.unwrap_or_default()) {
        Ok(wanted) => wanted,
        Err(parameter) => return refused(parameter),
    };
    let person = state.person_of_union(&wanted.person).filter(|person| !person.resigned);
    let person = person.map(|person| person.user_id.clone());
    let refuses = state.stage.faults.strikes(Fault::LoginRefused);
    let said = match person.filter(|_| !refuses) {
        Some(person) => format!("authCode={}", code(state, &wanted, &person)),
        None => format!("error={REFUSED}"),
    };
    let given = match state.stage.faults.strikes(Fault::LoginWrongState) {
        true => state.stage.chance.id("", 16),
        false => wanted.state,
    };
    let mark = if wanted.redirect.contains('?') { '&' } else { '?' };
    let address = format!("{}{mark}{said}&state={given}", wanted.redirect);
    let Ok(address) = HeaderValue::from_str(&address) else { return refused("redirect_uri") };
    let mut response = page(StatusCode::FOUND, "");
    response.headers_mut().insert(LOCATION, address);
    response
}

/// A code, perhaps one that somebody used before.
fn code(state: &mut State, wanted: &Wanted, person: &str) -> String {
    let code = state.issue(Kind::PageCode, &wanted.app, person, wanted.tells_corp);
    if state.stage.faults.strikes(Fault::LoginCodeUsed) {
        state.redeem(Kind::PageCode, &wanted.app, &code);
    }
    code
}
