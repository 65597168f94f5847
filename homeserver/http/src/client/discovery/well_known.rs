//! `GET /.well-known/matrix/{client,server,support,policy_server}`
//!
//! [Well-known URIs](https://spec.matrix.org/v1.19/client-server-api/#well-known-uris). A document
//! whose settings are missing is 404, which tells the asker to go on with its own guess.

use axum::{
    extract::State,
    response::{IntoResponse, Response},
};
use http::{HeaderValue, Method, header};
use ruma::api::client::discovery::discover_homeserver::Request as ClientRequest;
use serde_json::{Value, json};

use crate::{App, MatrixError, Public, Routes, client::rtc::transports};

/// The four documents.
pub fn routes() -> Routes {
    Routes::new()
        .ruma(client)
        .raw(Method::GET, "/.well-known/matrix/server", server)
        .raw(Method::GET, "/.well-known/matrix/support", support)
        .raw(Method::GET, "/.well-known/matrix/policy_server", policy_server)
}

/// Where clients of this server name find its API.
pub async fn client(State(app): State<App>, _: Public<ClientRequest>) -> Result<Response, MatrixError> {
    let base_url = app.settings.public_base_url.clone().ok_or_else(missing)?;
    let mut body = json!({ "m.homeserver": { "base_url": base_url } });
    let transports = transports::livekit(&app);
    if !transports.is_empty() {
        // Clients that do not ask for transports yet look here.
        body["org.matrix.msc4143.rtc_foci"] = transports.into();
    }
    if let Value::Object(hints) = &app.settings.client_hints {
        for (key, hint) in hints {
            body[key] = hint.clone();
        }
    }
    Ok(document(&body))
}

/// Where other servers find it.
pub async fn server(State(app): State<App>) -> Response {
    match &app.settings.well_known_server {
        Some(address) => document(&json!({ "m.server": address })),
        None => missing().into_response(),
    }
}

/// The public key of the policy server of this name.
pub async fn policy_server(State(app): State<App>) -> Response {
    match &app.settings.policy_server_key {
        Some(key) => document(&json!({ "public_keys": { "ed25519": key } })),
        None => missing().into_response(),
    }
}

/// Whom to ask for help.
pub async fn support(State(app): State<App>) -> Response {
    let settings = &app.settings;
    let contact = |contact: &String| {
        let kind = if contact.starts_with('@') { "matrix_id" } else { "email_address" };
        json!({ "role": "m.role.admin", kind: contact })
    };
    let contacts: Vec<Value> = settings.support_contacts.iter().map(contact).collect();
    if contacts.is_empty() && settings.support_page.is_none() {
        return missing().into_response();
    }
    let mut body = serde_json::Map::new();
    if !contacts.is_empty() {
        body.insert("contacts".to_owned(), contacts.into());
    }
    if let Some(page) = &settings.support_page {
        body.insert("support_page".to_owned(), page.clone().into());
    }
    document(&Value::Object(body))
}

fn document(value: &Value) -> Response {
    let json = [(header::CONTENT_TYPE, HeaderValue::from_static("application/json"))];
    (json, value.to_string()).into_response()
}

fn missing() -> MatrixError {
    MatrixError::not_found("This document is not configured")
}
