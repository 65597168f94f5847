//! Accepting connections and serving HTTP on them, with bounds on number, time and size.

use std::{convert::Infallible, io, net::SocketAddr, sync::Arc, time::Duration};

use axum::{Router, body::Body, response::Response};
use base::Shutdown;
use futures_util::{
    FutureExt as _,
    future::{BoxFuture, Map},
};
use hyper::{
    Request,
    body::Incoming,
    server::conn::{http1, http2},
    service::Service,
};
use hyper_util::{
    rt::{TokioExecutor, TokioIo, TokioTimer},
    server::graceful::{GracefulShutdown, Watcher},
};
use lianqiao_http::Peer;
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::{TcpListener, TcpStream},
    sync::{OwnedSemaphorePermit, Semaphore},
    task::JoinHandle,
    time::{sleep, timeout},
};
use tower::Service as _;

use crate::{
    StartError,
    limits::{
        ACCEPT_PAUSE_MS, FIRST_BYTES_PAUSE_MS, HTTP1_HEAD_BYTES_MAX, HTTP2_STREAMS_MAX,
        TLS_HANDSHAKE_TIMEOUT_MS,
    },
    tls::Tls,
};

/// How connections are served.
#[derive(Clone)]
pub(crate) struct Terms {
    pub connections_max: usize,
    pub header_timeout: Duration,
    pub shutdown_timeout: Duration,
    pub shutdown: Shutdown,
}

/// What answers requests. One type for all listeners: the code of a connection is large, and would be there for each.
pub(crate) type Answerer = Arc<dyn Fn(Request<Body>) -> BoxFuture<'static, Response> + Send + Sync>;

/// A router as what answers requests.
pub(crate) fn answerer(router: Router) -> Answerer {
    // A router is always ready.
    Arc::new(move |request| router.clone().call(request).map(|Ok(answer)| answer).boxed())
}

/// Takes an address; connections wait there until [`serve`] is called.
pub(crate) async fn bind(address: &str) -> Result<TcpListener, StartError> {
    let failed = |error| StartError::Listen { address: address.to_owned(), error };
    TcpListener::bind(address).await.map_err(failed)
}

/// As [`serve`], for a router without TLS.
pub(crate) fn serve_plain(listener: TcpListener, router: Router, terms: Terms) -> JoinHandle<()> {
    serve(listener, answerer(router), None, terms)
}

/// Serves until the shutdown: then it accepts nothing more, lets running requests finish for the time allowed, and
/// ends.
pub(crate) fn serve(
    listener: TcpListener,
    answerer: Answerer,
    tls: Option<Tls>,
    terms: Terms,
) -> JoinHandle<()> {
    tokio::spawn(accept(listener, answerer, tls, terms))
}

async fn accept(listener: TcpListener, answerer: Answerer, tls: Option<Tls>, terms: Terms) {
    let protocols = Arc::new(Protocols::new(&terms));
    let graceful = GracefulShutdown::new();
    let permits = Arc::new(Semaphore::new(terms.connections_max.min(Semaphore::MAX_PERMITS)));
    loop {
        let (stream, peer, permit) = tokio::select! {
            () = terms.shutdown.wait() => break,
            accepted = next(&listener, &permits) => accepted,
        };
        let connection = Connection { answerer: Arc::clone(&answerer), peer, watcher: graceful.watcher() };
        let (protocols, tls) = (Arc::clone(&protocols), tls.clone());
        tokio::spawn(async move {
            let outcome = match tls {
                None => protocols.serve_plain(stream, connection).await,
                // On the heap: a plain connection must not hold room for it.
                Some(tls) => Box::pin(protocols.serve_tls(stream, connection, tls)).await,
            };
            if let Err(error) = outcome {
                tracing::debug!(%peer, %error, "connection ended");
            }
            drop(permit);
        });
    }
    drop(listener);
    if timeout(terms.shutdown_timeout, graceful.shutdown()).await.is_err() {
        tracing::warn!("some requests did not finish in time and were cut off");
    }
}

async fn next(
    listener: &TcpListener,
    permits: &Arc<Semaphore>,
) -> (TcpStream, SocketAddr, Option<OwnedSemaphorePermit>) {
    // The semaphore is never closed; a connection without permit would merely go uncounted.
    let permit = Arc::clone(permits).acquire_owned().await.ok();
    loop {
        match listener.accept().await {
            Ok((stream, peer)) => {
                let _ = stream.set_nodelay(true);
                return (stream, peer, permit);
            }
            Err(error) => {
                tracing::warn!(%error, "connection not accepted");
                sleep(Duration::from_millis(ACCEPT_PAUSE_MS)).await;
            }
        }
    }
}

/// One connection: who is there, who answers, and who ends it.
struct Connection {
    answerer: Answerer,
    peer: SocketAddr,
    watcher: Watcher,
}

/// The service of one connection.
struct Endpoint {
    answerer: Answerer,
    peer: SocketAddr,
}

impl Service<Request<Incoming>> for Endpoint {
    type Response = Response;
    type Error = Infallible;
    type Future = Map<BoxFuture<'static, Response>, fn(Response) -> Result<Response, Infallible>>;

    fn call(&self, request: Request<Incoming>) -> Self::Future {
        let mut request = request.map(Body::new);
        request.extensions_mut().insert(Peer(self.peer));
        (self.answerer)(request).map(Ok)
    }
}

/// The versions of HTTP that are spoken.
struct Protocols {
    http1: http1::Builder,
    http2: http2::Builder<TokioExecutor>,
    header_timeout: Duration,
    shutdown: Shutdown,
}

impl Protocols {
    fn new(terms: &Terms) -> Self {
        let mut http1 = http1::Builder::new();
        http1
            .timer(TokioTimer::new())
            .header_read_timeout(terms.header_timeout)
            .max_buf_size(HTTP1_HEAD_BYTES_MAX);
        let mut http2 = http2::Builder::new(TokioExecutor::new());
        http2
            .timer(TokioTimer::new())
            .max_concurrent_streams(HTTP2_STREAMS_MAX)
            .keep_alive_interval(Some(Duration::from_secs(60)));
        let (header_timeout, shutdown) = (terms.header_timeout, terms.shutdown.clone());
        Self { http1, http2, header_timeout, shutdown }
    }

    async fn serve_plain(&self, stream: TcpStream, connection: Connection) -> io::Result<()> {
        let begins_http2 = tokio::select! {
            () = self.shutdown.wait() => return Ok(()),
            begun = timeout(self.header_timeout, begins_http2(&stream)) => begun??,
        };
        self.serve(stream, connection, begins_http2).await
    }

    async fn serve_tls(&self, stream: TcpStream, connection: Connection, tls: Tls) -> io::Result<()> {
        let handshake = Duration::from_millis(TLS_HANDSHAKE_TIMEOUT_MS);
        let Some(stream) = timeout(handshake, Box::pin(tls.accept(stream))).await?? else {
            tracing::debug!(peer = %connection.peer, "certificate challenge answered");
            return Ok(());
        };
        let agreed_http2 = stream.get_ref().1.alpn_protocol() == Some(b"h2");
        self.serve(stream, connection, agreed_http2).await
    }

    async fn serve<S>(&self, stream: S, connection: Connection, is_http2: bool) -> io::Result<()>
    where
        S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    {
        let Connection { answerer, peer, watcher } = connection;
        let (stream, endpoint) = (TokioIo::new(stream), Endpoint { answerer, peer });
        // Each in one expression, so that the future holds one connection and not each form it goes through.
        let served = if is_http2 {
            Box::pin(watcher.watch(self.http2.serve_connection(stream, endpoint))).await
        } else {
            watcher.watch(self.http1.serve_connection(stream, endpoint)).await
        };
        served.map_err(io::Error::other)
    }
}

/// The first bytes of a connection that speaks HTTP/2 without TLS; no request of HTTP/1 begins so.
const HTTP2_START: &[u8] = b"PRI ";

/// Which HTTP a connection without TLS speaks, by its first bytes, which stay where they are: a reader that took them
/// out would have to be part of the connection from then on, and doubles what is kept for each.
async fn begins_http2(stream: &TcpStream) -> io::Result<bool> {
    let mut start = [0; HTTP2_START.len()];
    loop {
        let known = stream.peek(&mut start).await?;
        if known == 0 || known == start.len() || !HTTP2_START.starts_with(&start[..known]) {
            return Ok(start == HTTP2_START);
        }
        sleep(Duration::from_millis(FIRST_BYTES_PAUSE_MS)).await;
    }
}
