//! A simulator that runs: its ports, its workers, and the handle that ends it.

use std::sync::Arc;

use axum::Router;
use axum::routing::get;
use parking_lot::Mutex;
use serde_json::Value;
use simulator_stage::{
    Ending, FaultSpec, Hub, Opening, Order, Page, Play, Port, Refused, Running, Stage, queue,
};

use crate::api;
use crate::command::{self, Command};
use crate::faults::Fault;
use crate::page::PAGE;
use crate::refusal::Refusal;
use crate::settings::Settings;
use crate::socket::{self, Outgoing};
use crate::state::State;

/// What all parts of a running simulator share.
pub(crate) struct Shared {
    pub(crate) state: Mutex<State>,
    /// The connections of bots, and the answers to events that wait for one.
    pub(crate) hub: Hub<(), Outgoing, Value>,
    ending: Ending,
}

impl Play for Shared {
    type Command = Command;
    type Refusal = Refusal;

    const FAULTS: &'static [(&'static str, &'static str)] = Fault::LIST;
    const PAGE: Page = PAGE;

    fn with_stage<R>(&self, use_it: impl FnOnce(&mut Stage) -> R) -> R {
        use_it(&mut self.state.lock().stage)
    }

    fn ending(&self) -> &Ending {
        &self.ending
    }

    async fn act(self: &Arc<Self>, command: Command) -> Result<Value, Refusal> {
        command::act(self, command).await
    }
}

/// A running simulator. It ends when it is dropped.
pub struct Simulator {
    running: Running<Shared>,
}

impl Simulator {
    /// Starts it on loopback.
    ///
    /// # Errors
    /// A port that is taken.
    pub async fn start(settings: Settings) -> std::io::Result<Self> {
        let opening = Opening::take(settings.control_port).await?;
        let port = Port::take(settings.api_port).await?;
        let (events, waiting) = queue();
        let shared = Arc::new(Shared {
            state: Mutex::new(State::new(settings, port.url(), events)),
            hub: Hub::default(),
            ending: opening.ending(),
        });
        let doors = Router::new()
            .route("/", get(socket::handshake::connect))
            .route("/bot-files/{code}", get(api::bot_files::download))
            .route("/pictures/{id}", get(api::bot_files::picture))
            .fallback(api::serve)
            .with_state(shared.clone());
        Ok(Self { running: opening.run(shared, vec![(port, doors)], waiting) })
    }

    /// Where the API is: `http://127.0.0.1:port`, without a slash at its end.
    pub fn api_url(&self) -> String {
        self.running.play().state.lock().api_url.clone()
    }

    /// Where bots connect.
    pub fn socket_url(&self) -> String {
        format!("{}/", self.api_url().replacen("http://", "ws://", 1))
    }

    /// Where the control API and the page are.
    pub fn control_url(&self) -> String {
        self.running.control_url().to_owned()
    }

    /// Does what a person, an administrator or a test does.
    ///
    /// # Errors
    /// What the platform refuses.
    pub async fn act(&self, command: Command) -> Result<Value, Refusal> {
        self.running.act(command).await
    }

    /// Does what a test does on every platform.
    ///
    /// # Errors
    /// A fault that the platform does not have.
    pub fn order(&self, order: Order) -> Result<Value, Refused> {
        self.running.order(order)
    }

    /// Lets something go wrong from now on.
    pub fn fail(&self, fault: Fault, spec: FaultSpec) {
        self.running.fail(fault, spec);
    }

    /// Ends it and waits until its ports are closed.
    pub async fn stop(self) {
        self.running.stop().await;
    }
}
