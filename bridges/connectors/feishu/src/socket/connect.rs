//! Opens one connection to a place that was found.

use std::sync::Arc;

use reqwest::Url;
use rustls::pki_types::ServerName;
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

use super::discovery::ConnectError;
use crate::limits::{CONNECT_TIME_MAX, FRAME_BYTES_MAX};

/// What a WebSocket runs over.
pub trait Wire: AsyncRead + AsyncWrite + Unpin + Send {}
impl<T: AsyncRead + AsyncWrite + Unpin + Send> Wire for T {}

/// An open connection.
pub type Socket = WebSocketStream<Box<dyn Wire>>;

/// Opens a connection.
///
/// # Errors
/// See [`ConnectError`]. No text of it holds the address, which is secret.
pub async fn open(url: &Url, tls: Arc<rustls::ClientConfig>) -> Result<Socket, ConnectError> {
    let late = |_| ConnectError::Passing("the long connection was not opened in time".to_owned());
    let wire = timeout(CONNECT_TIME_MAX, wire(url, tls)).await.map_err(late)??;
    let mut config = WebSocketConfig::default();
    config.max_message_size = Some(FRAME_BYTES_MAX);
    config.max_frame_size = Some(FRAME_BYTES_MAX);
    let opening = client_async_with_config(url.as_str(), wire, Some(config));
    match timeout(CONNECT_TIME_MAX, opening).await.map_err(late)? {
        Ok((socket, _)) => Ok(socket),
        Err(tungstenite::Error::Http(response)) => {
            Err(refused(response.status().as_u16(), response.headers()))
        }
        Err(tungstenite::Error::Url(_)) => {
            Err(ConnectError::Passing("the address of the long connection is none".to_owned()))
        }
        Err(error) => Err(ConnectError::Passing(format!("the long connection is not opened: {error}"))),
    }
}

async fn wire(url: &Url, tls: Arc<rustls::ClientConfig>) -> Result<Box<dyn Wire>, ConnectError> {
    let passing =
        |reason: String| ConnectError::Passing(format!("the long connection is not opened: {reason}"));
    let host = url.host_str().ok_or_else(|| passing("the address has no host".to_owned()))?;
    let bare = host.trim_start_matches('[').trim_end_matches(']');
    let port = url.port_or_known_default().ok_or_else(|| passing("the address has no port".to_owned()))?;
    let stream = TcpStream::connect((bare, port)).await.map_err(|error| passing(error.to_string()))?;
    // Acknowledgements are small and awaited.
    stream.set_nodelay(true).map_err(|error| passing(error.to_string()))?;
    if url.scheme() != "wss" {
        return Ok(Box::new(stream));
    }
    let name = ServerName::try_from(bare.to_owned()).map_err(|error| passing(error.to_string()))?;
    let stream =
        TlsConnector::from(tls).connect(name, stream).await.map_err(|error| passing(error.to_string()))?;
    Ok(Box::new(stream))
}

/// Judges a refused upgrade by the platform's own headers. Tickets are for one time, so most refusals pass with the
/// next one.
fn refused(status: u16, headers: &http::HeaderMap) -> ConnectError {
    let header = |name: &str| headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let number = |name: &str| header(name).trim().parse::<i64>().ok();
    let words: String = header("handshake-msg").chars().filter(|sign| !sign.is_control()).take(200).collect();
    let code = number("handshake-status");
    let text = match number("handshake-autherrcode") {
        Some(detail) => {
            format!("the platform refuses the connection with {status}, {code:?}, {detail} ({words})")
        }
        None => format!("the platform refuses the connection with {status}, {code:?} ({words})"),
    };
    if code == Some(403) { ConnectError::Misconfigured(text) } else { ConnectError::Passing(text) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn refused_upgrades_are_told_apart() {
        let table = [
            (vec![("handshake-status", "403"), ("handshake-msg", "forbidden")], false),
            (vec![("handshake-status", "514"), ("handshake-autherrcode", "1000040350")], true),
            (vec![("handshake-status", "514"), ("handshake-autherrcode", "1")], true),
            (vec![], true),
        ];
        for (headers, passing) in table {
            let map = headers
                .iter()
                .map(|(name, value)| (name.parse().expect("name"), value.parse().expect("value")));
            let error = refused(400, &map.collect());
            assert_eq!(matches!(error, ConnectError::Passing(_)), passing, "{headers:?}: {error}");
        }
    }
}
