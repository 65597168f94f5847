//! A simulator that runs: its three ports, its workers, and the handle that ends it.

use std::net::Ipv4Addr;
use std::sync::Arc;

use axum::Router;
use axum::routing::{get, post};
use parking_lot::Mutex;
use serde_json::Value;
use tokio::net::TcpListener;
use tokio::sync::{mpsc, watch};
use tokio::task::JoinHandle;

use crate::command::Command;
use crate::faults::{Fault, FaultSpec};
use crate::limits::PUSHES_WAITING_MAX;
use crate::refusal::Refusal;
use crate::settings::Settings;
use crate::socket::Hub;
use crate::state::State;
use crate::{api, control, delivery, socket};

/// What all parts of a running simulator share.
pub(crate) struct Shared {
    pub(crate) state: Mutex<State>,
    pub(crate) hub: Hub,
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
    control_url: String,
    end: watch::Sender<bool>,
    workers: Vec<JoinHandle<()>>,
}

async fn listen(port: u16) -> std::io::Result<(TcpListener, String)> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port)).await?;
    let url = format!("http://{}", listener.local_addr()?);
    Ok((listener, url))
}

impl Simulator {
    /// Starts it on loopback.
    ///
    /// # Errors
    /// A port that is taken.
    pub async fn start(settings: Settings) -> std::io::Result<Self> {
        let (new, api_url) = listen(settings.api_port).await?;
        let (old, old_api_url) = listen(settings.old_api_port).await?;
        let (control, control_url) = listen(settings.control_port).await?;
        let (pushes, waiting) = mpsc::channel(PUSHES_WAITING_MAX);
        let (end, ended) = watch::channel(false);
        let shared = Arc::new(Shared {
            state: Mutex::new(State::new(settings, api_url, old_api_url, pushes)),
            hub: Hub::default(),
            ended,
        });
        let new_doors = Router::new()
            .route("/v1.0/gateway/connections/open", post(socket::gateway::open))
            .route("/connect", get(socket::handshake::connect))
            .route("/objects/{name}", get(api::downloads::download))
            .fallback(api::serve_new)
            .with_state(shared.clone());
        let old_doors = Router::new()
            .route("/call_back/register_call_back", post(api::callbacks::register))
            .route("/call_back/update_call_back", post(api::callbacks::register))
            .fallback(api::serve_old)
            .with_state(shared.clone());
        let workers = vec![
            tokio::spawn(serve(shared.clone(), new, new_doors)),
            tokio::spawn(serve(shared.clone(), old, old_doors)),
            tokio::spawn(serve(shared.clone(), control, control::router(shared.clone()))),
            tokio::spawn(delivery::run(shared.clone(), waiting)),
        ];
        Ok(Self { shared, control_url, end, workers })
    }

    /// Where the new API, the stream's gateway and downloads are: `http://127.0.0.1:port`, without a slash at its end.
    pub fn api_url(&self) -> String {
        self.shared.state.lock().api_url.clone()
    }

    /// Where the old API is.
    pub fn old_api_url(&self) -> String {
        self.shared.state.lock().old_api_url.clone()
    }

    /// Where the control API and the page are.
    pub fn control_url(&self) -> String {
        self.control_url.clone()
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

async fn serve(shared: Arc<Shared>, listener: TcpListener, router: Router) {
    tokio::select! {
        result = axum::serve(listener, router) => {
            if let Err(error) = result {
                tracing::error!(%error, "the simulator stopped serving");
            }
        }
        () = shared.end() => {}
    }
}
