//! Asks the gateway where to connect, and connects there. A ticket is good for one connection.

use std::sync::Arc;

use reqwest::Url;
use rustls::pki_types::ServerName;
use serde_json::json;
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::TcpStream,
    time::timeout,
};
use tokio_rustls::TlsConnector;
use tokio_tungstenite::{
    WebSocketStream, client_async_with_config,
    tungstenite::{self, protocol::WebSocketConfig},
};

use crate::{
    client::{CallError, Client, Meaning},
    lenient::text,
    limits::{CONNECT_TIME_MAX, FRAME_BYTES_MAX},
};

/// What a WebSocket runs over.
pub trait Wire: AsyncRead + AsyncWrite + Unpin + Send {}
impl<T: AsyncRead + AsyncWrite + Unpin + Send> Wire for T {}

/// An open connection.
pub type Socket = WebSocketStream<Box<dyn Wire>>;

/// Why there is no connection.
#[derive(Debug, thiserror::Error)]
pub enum ConnectError {
    /// It may work in a moment.
    #[error("{0}")]
    Passing(String),
    /// It will not work before somebody changes a configuration; tried again slowly, so that it heals by itself.
    #[error("{0}")]
    Misconfigured(String),
}

/// Opens a connection with a fresh ticket.
///
/// # Errors
/// See [`ConnectError`]. No text of it holds the ticket.
pub async fn open(client: &Client) -> Result<Socket, ConnectError> {
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
    connect(&url, client.tls()).await
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
        | Meaning::Unknown => ConnectError::Passing(words),
    }
}

async fn connect(url: &Url, tls: Arc<rustls::ClientConfig>) -> Result<Socket, ConnectError> {
    let late = |_| ConnectError::Passing("the stream was not opened in time".to_owned());
    let wire = timeout(CONNECT_TIME_MAX, wire(url, tls)).await.map_err(late)?;
    let wire = wire.map_err(|reason| ConnectError::Passing(format!("the stream is not opened: {reason}")))?;
    let mut config = WebSocketConfig::default();
    config.max_message_size = Some(FRAME_BYTES_MAX);
    config.max_frame_size = Some(FRAME_BYTES_MAX);
    let opening = client_async_with_config(url.as_str(), wire, Some(config));
    match timeout(CONNECT_TIME_MAX, opening).await.map_err(late)? {
        Ok((socket, _)) => Ok(socket),
        // The words of other errors may hold the address with its ticket.
        Err(tungstenite::Error::Http(response)) => {
            let status = response.status().as_u16();
            Err(ConnectError::Passing(format!("the stream is refused with status {status}")))
        }
        Err(tungstenite::Error::Url(_)) => {
            Err(ConnectError::Passing("the address of the stream is none".to_owned()))
        }
        Err(error) => Err(ConnectError::Passing(format!("the stream is not opened: {error}"))),
    }
}

async fn wire(url: &Url, tls: Arc<rustls::ClientConfig>) -> Result<Box<dyn Wire>, String> {
    let host = url.host_str().ok_or("the address has no host")?;
    let bare = host.trim_start_matches('[').trim_end_matches(']');
    let port = url.port_or_known_default().ok_or("the address has no port")?;
    let stream = TcpStream::connect((bare, port)).await.map_err(|error| error.to_string())?;
    // Acknowledgements are small and awaited.
    stream.set_nodelay(true).map_err(|error| error.to_string())?;
    if url.scheme() != "wss" {
        return Ok(Box::new(stream));
    }
    let name = ServerName::try_from(bare.to_owned()).map_err(|error| error.to_string())?;
    let stream = TlsConnector::from(tls).connect(name, stream).await.map_err(|error| error.to_string())?;
    Ok(Box::new(stream))
}
