//! A simulator that runs: its two ports, its workers, and the handle that ends it.

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;

use axum::Router;
use axum::routing::{get, post};
use hyper_util::rt::{TokioExecutor, TokioIo};
use hyper_util::server::conn::auto::Builder;
use hyper_util::service::TowerToHyperService;
use parking_lot::Mutex;
use serde_json::Value;
use tokio::net::TcpListener;
use tokio::sync::{mpsc, watch};
use tokio::task::JoinHandle;

use crate::command::Command;
use crate::faults::{Fault, FaultSpec};
use crate::limits::EVENTS_WAITING_MAX;
use crate::refusal::Refusal;
use crate::settings::Settings;
use crate::socket::Hub;
use crate::state::State;
use crate::state::people::open_id;
use crate::{api, control, delivery, socket};

/// What all parts of a running simulator share.
pub(crate) struct Shared {
    pub(crate) state: Mutex<State>,
    pub(crate) hub: Hub,
    pub(crate) api_address: SocketAddr,
    pub(crate) ended: watch::Receiver<bool>,
}

impl Shared {
    /// Returns when the simulator ends.
    pub(crate) async fn end(&self) {
        let mut ended = self.ended.clone();
        // A sender that is gone has ended it as well.
        let _ = ended.wait_for(|ended| *ended).await;
    }
}

/// A running simulator. It ends when it is dropped.
pub struct Simulator {
    shared: Arc<Shared>,
    control_address: SocketAddr,
    end: watch::Sender<bool>,
    workers: Vec<JoinHandle<()>>,
}

impl Simulator {
    /// Starts it on loopback.
    ///
    /// # Errors
    /// A port that is taken.
    pub async fn start(settings: Settings) -> std::io::Result<Self> {
        let api = TcpListener::bind((Ipv4Addr::LOCALHOST, settings.api_port)).await?;
        let control = TcpListener::bind((Ipv4Addr::LOCALHOST, settings.control_port)).await?;
        let control_address = control.local_addr()?;
        let (events, waiting) = mpsc::channel(EVENTS_WAITING_MAX);
        let (end, ended) = watch::channel(false);
        let shared = Arc::new(Shared {
            state: Mutex::new(State::new(settings, events)),
            hub: Hub::default(),
            api_address: api.local_addr()?,
            ended,
        });
        let doors = Router::new()
            .route("/callback/ws/endpoint", post(socket::discovery::discover))
            .route("/ws/v2", get(socket::handshake::connect))
            .fallback(api::serve)
            .with_state(shared.clone());
        let workers = vec![
            tokio::spawn(serve(shared.clone(), api, doors)),
            tokio::spawn(serve(shared.clone(), control, control::router(shared.clone()))),
            tokio::spawn(delivery::run(shared.clone(), waiting)),
        ];
        Ok(Self { shared, control_address, end, workers })
    }

    /// Where the API is: `http://127.0.0.1:port`, without a slash at its end.
    pub fn api_url(&self) -> String {
        format!("http://{}", self.shared.api_address)
    }

    /// Where the control API and the page are.
    pub fn control_url(&self) -> String {
        format!("http://{}", self.control_address)
    }

    /// What an app calls a person or another app: their `open_id`.
    pub fn open_id(app: &str, who: &str) -> String {
        open_id(app, who)
    }

    /// Does what a person, an administrator or a test does.
    ///
    /// # Errors
    /// What the platform refuses.
    pub async fn act(&self, command: Command) -> Result<Value, Refusal> {
        crate::command::act(&self.shared, command).await
    }

    /// Lets something go wrong from now on.
    pub fn fail(&self, fault: Fault, spec: FaultSpec) {
        self.shared.state.lock().faults.set(fault, spec);
    }

    /// Ends it and waits until its ports are closed.
    pub async fn stop(mut self) {
        self.end.send_replace(true);
        for worker in self.workers.drain(..) {
            // A worker that panicked has ended as well.
            let _ = worker.await;
        }
    }
}

impl Drop for Simulator {
    fn drop(&mut self) {
        self.end.send_replace(true);
    }
}

/// Serves until the simulator ends. Names of headers are written as the platform writes them, because there are clients that
/// look at the case.
async fn serve(shared: Arc<Shared>, listener: TcpListener, router: Router) {
    let mut builder = Builder::new(TokioExecutor::new());
    builder.http1().title_case_headers(true);
    loop {
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            () = shared.end() => return,
        };
        // A client that is gone before it was accepted is nobody's trouble.
        let Ok((stream, _)) = accepted else { continue };
        let (shared, builder, router) = (shared.clone(), builder.clone(), router.clone());
        tokio::spawn(async move {
            let service = TowerToHyperService::new(router);
            let connection = builder.serve_connection_with_upgrades(TokioIo::new(stream), service);
            tokio::select! {
                result = connection => {
                    if let Err(error) = result {
                        tracing::debug!(%error, "a connection ended");
                    }
                }
                () = shared.end() => {}
            }
        });
    }
}
