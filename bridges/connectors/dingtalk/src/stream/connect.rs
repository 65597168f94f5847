//! Asks the gateway where to connect, and connects there. A ticket is good for one connection.

use bridge_api::{ConnectError, Socket};
use reqwest::Url;
use serde_json::json;

use crate::{
    client::{CallError, Client, Meaning},
    lenient::text,
    limits::FRAME_BYTES_MAX,
};

/// Opens a connection with a fresh ticket.
///
/// # Errors
/// See [`ConnectError`]. No text of it holds the ticket.
pub async fn open(client: &Client) -> Result<Socket, ConnectError> {
    let url = place(client).await?;
    let opened = client.transport().socket(&url, FRAME_BYTES_MAX).await;
    opened.map_err(|error| ConnectError::Passing(format!("the stream is not opened: {error}")))
}

/// Where to connect, with a ticket; one that is not used harms nobody.
///
/// # Errors
/// See [`ConnectError`].
pub async fn place(client: &Client) -> Result<Url, ConnectError> {
    let settings = client.settings();
    let body = json!({
        "clientId": settings.client_id,
        "clientSecret": settings.client_secret.expose(),
        "subscriptions": [
            {"type": "EVENT", "topic": "*"},
            {"type": "CALLBACK", "topic": "/v1.0/im/bot/messages/get"},
            {"type": "CALLBACK", "topic": "/v1.0/card/instances/callback"},
        ],
        "ua": concat!("dingtalk-sdk-rust/", env!("CARGO_PKG_VERSION")),
        "extras": {},
    });
    let answer = client.open_stream(&body).await.map_err(|error| judged(&error))?;
    let wrong =
        |what: &str| ConnectError::Passing(format!("the gateway names no place to connect to: {what}"));
    let endpoint = text(&answer, "endpoint").ok_or_else(|| wrong("no endpoint"))?;
    let ticket = text(&answer, "ticket").ok_or_else(|| wrong("no ticket"))?;
    let mut url: Url = endpoint.parse().map_err(|_| wrong("no address"))?;
    match url.scheme() {
        "wss" => {}
        // Only who asks without TLS is sent on without TLS.
        "ws" if settings.api_url.scheme() == "http" => {}
        _ => return Err(wrong("an address without TLS")),
    }
    url.query_pairs_mut().append_pair("ticket", &ticket);
    Ok(url)
}

/// The gateway refuses wrong credentials and unpublished apps with what only an operator can mend.
fn judged(error: &CallError) -> ConnectError {
    let words = format!("no stream: {error}");
    match &error.meaning {
        Meaning::SetUp | Meaning::TokenStale | Meaning::Refused(_) => ConnectError::Misconfigured(words),
        Meaning::Limited { .. }
        | Meaning::QuotaUsedUp
        | Meaning::Busy
        | Meaning::Unreachable
        | Meaning::Silenced(_)
        | Meaning::Unknown => ConnectError::Passing(words),
    }
}
