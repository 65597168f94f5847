//! The endpoints: description, keys, signing on, exchanging codes, user info.

use std::{collections::HashMap, sync::Arc, time::Duration};

use axum::{
    Json, Router,
    body::Body,
    extract::{Query, RawQuery, Request, State},
    middleware::{self, Next},
    response::{IntoResponse as _, Redirect, Response},
    routing::{get, post},
};
use base64::{Engine as _, prelude::BASE64_STANDARD};
use http::{HeaderMap, StatusCode, header};
use openidconnect::{PkceCodeChallenge, PkceCodeVerifier};
use serde_json::{Value, json};

use super::{CLIENT_ID, CLIENT_SECRET, Fault, Granted, Shared, tokens};
use crate::segment;

type Provider = State<Arc<Shared>>;
type Fields = HashMap<String, String>;

/// Longer than any server may wait.
const SLOW: Duration = Duration::from_secs(30);

pub(super) fn router(shared: Arc<Shared>) -> Router {
    Router::new()
        .route("/realms/staff/.well-known/openid-configuration", get(description))
        .route("/keys", get(keys))
        .route("/authorize", get(authorize))
        .route("/token", post(token))
        .route("/userinfo", get(user_info))
        .layer(middleware::from_fn_with_state(Arc::clone(&shared), faults))
        .with_state(shared)
}

async fn faults(State(shared): Provider, request: Request, next: Next) -> Response {
    // A browser still gets through: the person does not see what the server sees.
    let is_browser = request.uri().path() == "/authorize";
    if !is_browser && shared.errs(Fault::Broken) {
        return (StatusCode::INTERNAL_SERVER_ERROR, "out of order").into_response();
    }
    if !is_browser && shared.errs(Fault::Slow) {
        tokio::time::sleep(SLOW).await;
    }
    next.run(request).await
}

async fn description(State(shared): Provider) -> Json<Value> {
    let base = shared.issuer.trim_end_matches("/realms/staff");
    let foreign = shared.errs(Fault::ForeignDescription);
    Json(json!({
        "issuer": if foreign { "https://evil.example.org".to_owned() } else { shared.issuer.clone() },
        "authorization_endpoint": format!("{base}/authorize"),
        "token_endpoint": format!("{base}/token"),
        "userinfo_endpoint": format!("{base}/userinfo"),
        "jwks_uri": format!("{base}/keys"),
        "response_types_supported": ["code"],
        "subject_types_supported": ["public"],
        "id_token_signing_alg_values_supported": ["RS256", "HS256"],
        "code_challenge_methods_supported": ["S256"],
        "backchannel_logout_supported": true,
    }))
}

async fn keys(State(shared): Provider) -> Json<Value> {
    Json(shared.keys.lock().public())
}

async fn authorize(
    State(shared): Provider,
    RawQuery(query): RawQuery,
    Query(fields): Query<Fields>,
) -> Response {
    *shared.last_query.lock() = query.unwrap_or_default();
    let field = |name: &str| fields.get(name).cloned().unwrap_or_default();
    let redirect_uri = field("redirect_uri");
    let is_good = field("response_type") == "code"
        && field("client_id") == CLIENT_ID
        && field("scope").split(' ').any(|scope| scope == "openid")
        && field("code_challenge_method") == "S256"
        && redirect_uri.ends_with("/callback");
    if !is_good {
        return (StatusCode::BAD_REQUEST, format!("not a good request: {fields:?}")).into_response();
    }
    let state = segment(&field("state"));
    if shared.errs(Fault::AccessDenied) {
        let words = segment("the person said <b>no</b>");
        let back = format!("{redirect_uri}?error=access_denied&error_description={words}&state={state}");
        return Redirect::to(&back).into_response();
    }
    let code = shared.next("code");
    let granted = Granted {
        nonce: field("nonce"),
        challenge: field("code_challenge"),
        redirect_uri: redirect_uri.clone(),
        person: shared.person.lock().clone(),
    };
    shared.codes.lock().insert(code.clone(), granted);
    let foreign = shared.errs(Fault::ForeignAnswer);
    let issuer = segment(if foreign { "https://evil.example.org" } else { &shared.issuer });
    Redirect::to(&format!("{redirect_uri}?code={code}&state={state}&iss={issuer}")).into_response()
}

async fn token(State(shared): Provider, headers: HeaderMap, form: String) -> Response {
    let form = reqwest::Url::parse(&format!("http://form/?{form}")).expect("a form is a query");
    let fields: Fields = form.query_pairs().into_owned().collect();
    let refusal = |error: &str| (StatusCode::BAD_REQUEST, Json(json!({"error": error}))).into_response();
    if !is_our_client(&headers) {
        return refusal("invalid_client");
    }
    if shared.errs(Fault::Garbage) {
        return (StatusCode::OK, "<html>").into_response();
    }
    if shared.errs(Fault::Flood) {
        let endless = futures_util::stream::repeat_with(|| Ok::<_, std::io::Error>(vec![b' '; 65_536]));
        return Body::from_stream(endless).into_response();
    }
    let field = |name: &str| fields.get(name).cloned().unwrap_or_default();
    let granted = shared.codes.lock().remove(&field("code"));
    let Some(granted) = granted else { return refusal("invalid_grant") };
    let verifier = PkceCodeVerifier::new(field("code_verifier"));
    let fits = field("grant_type") == "authorization_code"
        && field("redirect_uri") == granted.redirect_uri
        && PkceCodeChallenge::from_code_verifier_sha256(&verifier).as_str() == granted.challenge;
    if !fits || shared.errs(Fault::CodeRefused) {
        return refusal("invalid_grant");
    }
    let access_token = shared.next("access");
    let mut answer = json!({"access_token": access_token, "token_type": "Bearer", "expires_in": 60});
    if !shared.errs(Fault::NoIdToken) {
        answer["id_token"] = tokens::id_token(&shared, &granted).into();
    }
    shared.access_tokens.lock().insert(access_token, granted.person);
    Json(answer).into_response()
}

/// RFC 6749, section 2.3.1: both parts are form-encoded before they become base64.
fn is_our_client(headers: &HeaderMap) -> bool {
    let given = headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
    let given = given.and_then(|value| value.strip_prefix("Basic "));
    let given = given.and_then(|value| BASE64_STANDARD.decode(value).ok());
    let expected = format!("{CLIENT_ID}:{}", segment(CLIENT_SECRET).replace("%20", "+"));
    given.is_some_and(|given| given == expected.as_bytes())
}

async fn user_info(State(shared): Provider, headers: HeaderMap) -> Response {
    let token = headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
    let token = token.and_then(|value| value.strip_prefix("Bearer ")).unwrap_or_default();
    let person = shared.access_tokens.lock().get(token).cloned();
    let Some(mut person) = person else { return StatusCode::UNAUTHORIZED.into_response() };
    if let Some(person) = person.as_object_mut() {
        person.remove("sid");
    }
    if shared.errs(Fault::AnotherSubject) {
        person["sub"] = json!("root");
    }
    Json(person).into_response()
}
