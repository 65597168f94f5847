//! Accepting connections and serving HTTP on them, with bounds on number, time and size.

use std::{net::SocketAddr, sync::Arc, time::Duration};

use axum::{Router, body::Body};
use base::Shutdown;
use hyper::{Request, body::Incoming};
use hyper_util::{
    rt::{TokioExecutor, TokioIo, TokioTimer},
    server::{conn::auto::Builder, graceful::GracefulShutdown},
    service::TowerToHyperService,
};
use lianqiao_http::Peer;
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::{TcpListener, TcpStream},
    sync::{OwnedSemaphorePermit, Semaphore},
    task::JoinHandle,
    time::{sleep, timeout},
};
use tower::ServiceExt as _;

use crate::{
    StartError,
    limits::{ACCEPT_PAUSE_MS, HTTP1_HEAD_BYTES_MAX, HTTP2_STREAMS_MAX, TLS_HANDSHAKE_TIMEOUT_MS},
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

/// A listener that runs.
pub(crate) struct Listening {
    pub address: SocketAddr,
    pub task: JoinHandle<()>,
}

/// Binds `address` and serves `router` until the shutdown: then it accepts nothing more, lets running
/// requests finish for the time allowed, and ends.
pub(crate) async fn listen(
    address: &str,
    router: Router,
    tls: Option<Tls>,
    terms: Terms,
) -> Result<Listening, StartError> {
    let failed = |error| StartError::Listen { address: address.to_owned(), error };
    let listener = TcpListener::bind(address).await.map_err(failed)?;
    let local = listener.local_addr().map_err(failed)?;
    let task = tokio::spawn(accept(listener, router, tls, terms));
    Ok(Listening { address: local, task })
}

/// As [`listen`], without TLS, on what is bound already.
pub(crate) fn serve_plain(listener: TcpListener, router: Router, terms: Terms) -> JoinHandle<()> {
    tokio::spawn(accept(listener, router, None, terms))
}

async fn accept(listener: TcpListener, router: Router, tls: Option<Tls>, terms: Terms) {
    let builder = Arc::new(builder(terms.header_timeout));
    let graceful = GracefulShutdown::new();
    let permits = Arc::new(Semaphore::new(terms.connections_max.min(Semaphore::MAX_PERMITS)));
    loop {
        let (stream, peer, permit) = tokio::select! {
            () = terms.shutdown.wait() => break,
            accepted = next(&listener, &permits) => accepted,
        };
        let watcher = graceful.watcher();
        let (builder, router, tls) = (Arc::clone(&builder), router.clone(), tls.clone());
        tokio::spawn(async move {
            match tls {
                None => serve(&builder, stream, router, peer, watcher).await,
                Some(tls) => {
                    let handshake = Duration::from_millis(TLS_HANDSHAKE_TIMEOUT_MS);
                    match timeout(handshake, Box::pin(tls.accept(stream))).await {
                        // On the heap: a plain connection must not hold room for it.
                        Ok(Ok(Some(stream))) => {
                            Box::pin(serve(&builder, stream, router, peer, watcher)).await;
                        }
                        Ok(Ok(None)) => tracing::debug!(%peer, "certificate challenge answered"),
                        Ok(Err(error)) => tracing::debug!(%peer, %error, "TLS handshake failed"),
                        Err(_) => tracing::debug!(%peer, "TLS handshake took too long"),
                    }
                }
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

async fn serve<S>(
    builder: &Builder<TokioExecutor>,
    stream: S,
    router: Router,
    peer: SocketAddr,
    watcher: hyper_util::server::graceful::Watcher,
) where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let service = router.map_request(move |request: Request<Incoming>| {
        let mut request = request.map(Body::new);
        request.extensions_mut().insert(Peer(peer));
        request
    });
    let service = TowerToHyperService::new(service);
    // In one expression, so that the future holds one connection and not each form it goes through.
    let served = watcher.watch(builder.serve_connection(TokioIo::new(stream), service).into_owned()).await;
    if let Err(error) = served {
        tracing::debug!(%peer, %error, "connection ended");
    }
}

fn builder(header_timeout: Duration) -> Builder<TokioExecutor> {
    let mut builder = Builder::new(TokioExecutor::new());
    builder
        .http1()
        .timer(TokioTimer::new())
        .header_read_timeout(header_timeout)
        .max_buf_size(HTTP1_HEAD_BYTES_MAX);
    builder
        .http2()
        .timer(TokioTimer::new())
        .max_concurrent_streams(HTTP2_STREAMS_MAX)
        .keep_alive_interval(Some(Duration::from_secs(60)));
    builder
}
