//! The way to a platform: requests and WebSockets, over TLS that believes the authorities whom the operator named. It follows no
//! redirect, because an address of a platform must not lead a token elsewhere, and no word of its errors holds an address, because
//! addresses of platforms hold tokens.

use std::sync::Arc;

use http::HeaderMap;
use reqwest::{Client, Url, redirect::Policy};
use rustls::{ClientConfig, RootCertStore, pki_types::ServerName};
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

use crate::limits::{CONNECT_TIME_MAX, IDLE_CONNECTIONS_MAX};

/// What a WebSocket runs over.
pub trait Wire: AsyncRead + AsyncWrite + Unpin + Send {}
impl<T: AsyncRead + AsyncWrite + Unpin + Send> Wire for T {}

/// An open WebSocket.
pub type Socket = WebSocketStream<Box<dyn Wire>>;

/// Why a WebSocket is not open.
#[derive(Debug, thiserror::Error)]
pub enum NoSocket {
    /// Nobody answered in time.
    #[error("not opened in time")]
    Late,
    /// The platform answered, and refused.
    #[error("refused with status {status}")]
    Refused {
        /// With this status.
        status: u16,
        /// With these headers, which say more.
        headers: Box<HeaderMap>,
    },
    /// There is no way to it, or it speaks no WebSocket.
    #[error("{0}")]
    Unreached(String),
}

/// The way to one platform.
#[derive(Clone)]
pub struct Transport {
    requests: Client,
    sockets: Arc<ClientConfig>,
}

impl Transport {
    /// A way that believes `authorities`. Nothing is connected yet.
    ///
    /// # Errors
    /// The reason why none can be made.
    pub fn new(authorities: &Arc<RootCertStore>) -> Result<Self, String> {
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let mut tls = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .map_err(|error| error.to_string())?
            .with_root_certificates(Arc::clone(authorities))
            .with_no_client_auth();
        let sockets = Arc::new(tls.clone());
        tls.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
        let requests = Client::builder()
            .tls_backend_preconfigured(tls)
            .redirect(Policy::none())
            .referer(false)
            .connect_timeout(CONNECT_TIME_MAX)
            .pool_max_idle_per_host(IDLE_CONNECTIONS_MAX)
            .build()
            .map_err(|error| error.to_string())?;
        Ok(Self { requests, sockets })
    }

    /// Makes requests.
    pub const fn requests(&self) -> &Client {
        &self.requests
    }

    /// Opens a WebSocket whose messages have so many bytes at most.
    ///
    /// # Errors
    /// [`NoSocket`].
    pub async fn socket(&self, url: &Url, message_bytes_max: usize) -> Result<Socket, NoSocket> {
        let wire = timeout(CONNECT_TIME_MAX, self.wire(url)).await.map_err(|_| NoSocket::Late)?;
        let wire = wire.map_err(NoSocket::Unreached)?;
        let mut config = WebSocketConfig::default();
        config.max_message_size = Some(message_bytes_max);
        config.max_frame_size = Some(message_bytes_max);
        let opening = client_async_with_config(url.as_str(), wire, Some(config));
        match timeout(CONNECT_TIME_MAX, opening).await.map_err(|_| NoSocket::Late)? {
            Ok((socket, _)) => Ok(socket),
            Err(tungstenite::Error::Http(response)) => {
                let headers = Box::new(response.headers().clone());
                Err(NoSocket::Refused { status: response.status().as_u16(), headers })
            }
            // Its words hold the address.
            Err(tungstenite::Error::Url(_)) => Err(NoSocket::Unreached("the address is none".to_owned())),
            Err(error) => Err(NoSocket::Unreached(error.to_string())),
        }
    }

    async fn wire(&self, url: &Url) -> Result<Box<dyn Wire>, String> {
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
        let connector = TlsConnector::from(Arc::clone(&self.sockets));
        Ok(Box::new(connector.connect(name, stream).await.map_err(|error| error.to_string())?))
    }
}

#[cfg(test)]
mod tests {
    use tokio::{
        io::{AsyncReadExt as _, AsyncWriteExt as _},
        net::TcpListener,
    };

    use super::*;

    #[tokio::test]
    async fn a_refused_socket_says_with_what_and_no_error_holds_the_address() {
        let transport = Transport::new(&Arc::new(RootCertStore::empty())).expect("a way");
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let port = listener.local_addr().expect("an address").port();
        tokio::spawn(async move {
            let (mut stream, _) = listener.accept().await.expect("a connection");
            let mut head = [0; 1024];
            let _ = stream.read(&mut head).await;
            let refusal = "HTTP/1.1 403 Forbidden\r\nhandshake-status: 514\r\ncontent-length: 0\r\n\r\n";
            stream.write_all(refusal.as_bytes()).await.expect("answered");
        });
        let url: Url = format!("ws://127.0.0.1:{port}/?ticket=hush").parse().expect("an address");
        match transport.socket(&url, 1024).await.err() {
            Some(NoSocket::Refused { status, headers }) => {
                assert_eq!((status, headers["handshake-status"].as_bytes()), (403, "514".as_bytes()));
            }
            other => panic!("{other:?}"),
        }
        let error = transport.socket(&url, 1024).await.err().expect("nobody is there");
        assert!(matches!(error, NoSocket::Unreached(_)) && !error.to_string().contains("hush"), "{error}");
    }
}
