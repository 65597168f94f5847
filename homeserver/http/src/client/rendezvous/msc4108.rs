//! `/_matrix/client/unstable/org.matrix.msc4108/rendezvous`: plain text and entity tags.

use axum::{
    body::Body,
    extract::{RawPathParams, Request, State},
    response::{IntoResponse as _, Response},
};
use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use ruma::{
    api::client::rendezvous::create_rendezvous_session::unstable_msc4108::Request as Create,
    http_headers::system_time_to_http_date,
};
use serde_json::json;

use super::{id, refuse_navigation, refused};
use crate::{
    Action, App, MatrixError, Public,
    extract::{ClientInfo, Raw, WithHeaders, read_body},
    limits::RENDEZVOUS_BYTES_MAX,
    rendezvous::{Mailbox, Protocol},
};

const PROTOCOL: Protocol = Protocol::Msc4108;
const OVERTAKEN: (StatusCode, &str) = (StatusCode::PRECONDITION_FAILED, "M_CONCURRENT_WRITE");

/// Makes a mailbox for anybody; the address is limited.
pub async fn create(
    State(app): State<App>,
    Public { request, .. }: Public<WithHeaders<Raw<Create>>>,
) -> Result<Response, MatrixError> {
    let WithHeaders { request, part: headers } = request;
    must_be_text(&headers)?;
    let made = app.rendezvous.create(PROTOCOL, request.body.into());
    let made = made.map_err(|error| refused(error, OVERTAKEN))?;
    let path = format!("/_matrix/client/unstable/org.matrix.msc4108/rendezvous/{}", made.id);
    let url = format!("{}{path}", base_url(&app, &headers).trim_end_matches('/'));
    let body = json!({ "url": url }).to_string();
    let mut response = (StatusCode::CREATED, body).into_response();
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    Ok(with_headers(response, &made))
}

/// What the mailbox holds, unless the reader has it already.
pub async fn read(
    State(app): State<App>,
    arguments: RawPathParams,
    headers: HeaderMap,
) -> Result<Response, MatrixError> {
    refuse_navigation(&headers)?;
    let found = app.rendezvous.read(PROTOCOL, &id(&arguments));
    let found = found.map_err(|error| refused(error, OVERTAKEN))?;
    if tag_of(&headers, &header::IF_NONE_MATCH) == Some(&found.mark) {
        return Ok(with_headers(StatusCode::NOT_MODIFIED.into_response(), &found));
    }
    let mut response = found.data.clone().into_response();
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("text/plain"));
    Ok(with_headers(response, &found))
}

/// Writes, if nobody else did since the writer read.
pub async fn write(
    State(app): State<App>,
    arguments: RawPathParams,
    request: Request,
) -> Result<Response, MatrixError> {
    let (parts, body) = request.into_parts();
    app.limits.address(ClientInfo::of(&parts, &app).address, Action::Other)?;
    must_be_text(&parts.headers)?;
    let tag = tag_of(&parts.headers, &header::IF_MATCH)
        .ok_or_else(|| MatrixError::missing_param("The header If-Match is missing"))?
        .to_owned();
    let data: Bytes = read_body(&app, &parts.headers, body, RENDEZVOUS_BYTES_MAX).await?;
    let written = app.rendezvous.write(PROTOCOL, &id(&arguments), &tag, data);
    let written = written.map_err(|error| refused(error, OVERTAKEN))?;
    Ok(with_headers((StatusCode::ACCEPTED, Body::empty()).into_response(), &written))
}

/// Ends the mailbox.
pub async fn delete(State(app): State<App>, arguments: RawPathParams) -> Result<StatusCode, MatrixError> {
    app.rendezvous.delete(PROTOCOL, &id(&arguments)).map_err(|error| refused(error, OVERTAKEN))?;
    Ok(StatusCode::NO_CONTENT)
}

fn must_be_text(headers: &HeaderMap) -> Result<(), MatrixError> {
    let kind = headers
        .get(header::CONTENT_TYPE)
        .ok_or_else(|| MatrixError::missing_param("The header Content-Type is missing"))?;
    let kind = kind.to_str().unwrap_or_default();
    match kind.split(';').next() {
        Some(kind) if kind.trim().eq_ignore_ascii_case("text/plain") => Ok(()),
        Some(_) | None => Err(MatrixError::invalid_param("Content-Type must be text/plain")),
    }
}

/// The tag without the quotes that HTTP puts around it.
fn tag_of<'a>(headers: &'a HeaderMap, name: &HeaderName) -> Option<&'a str> {
    Some(headers.get(name)?.to_str().ok()?.trim().trim_matches('"'))
}

/// Where the client reaches this server: as configured, or else as it did just now.
fn base_url(app: &App, headers: &HeaderMap) -> String {
    app.settings.public_base_url.clone().unwrap_or_else(|| {
        let host = headers.get(header::HOST).and_then(|host| host.to_str().ok());
        format!("http://{}", host.unwrap_or(app.settings.server_name.as_str()))
    })
}

fn with_headers(mut response: Response, mailbox: &Mailbox) -> Response {
    let headers = response.headers_mut();
    if let Ok(tag) = HeaderValue::from_str(&format!("\"{}\"", mailbox.mark)) {
        headers.insert(header::ETAG, tag);
    }
    for (name, at_ms) in
        [(header::EXPIRES, mailbox.ends_at_ms), (header::LAST_MODIFIED, mailbox.written_at_ms)]
    {
        let at = std::time::UNIX_EPOCH + std::time::Duration::from_millis(at_ms);
        if let Ok(date) = system_time_to_http_date(&at) {
            headers.insert(name, date);
        }
    }
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(header::PRAGMA, HeaderValue::from_static("no-cache"));
    response
}
