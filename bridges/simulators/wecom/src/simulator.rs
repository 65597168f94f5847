//! A simulator that runs: its ports, its workers, and the handle that ends it.

use std::sync::Arc;

use axum::Router;
use axum::routing::{get, post};
use parking_lot::Mutex;
use serde_json::Value;
use simulator_stage::{Ending, Hub, Opening, Port, queue};

use crate::api;
use crate::command::{Command, act};
use crate::faults::Fault;
use crate::page::PAGE;
use crate::refusal::Refusal;
use crate::settings::Settings;
use crate::socket::{self, Outgoing};
use crate::state::State;

/// What all parts of a running simulator share.
pub struct Shared {
    pub(crate) state: Mutex<State>,
    /// The connections of bots, and the answers to events that wait for one.
    pub(crate) hub: Hub<(), Outgoing, Value>,
    ending: Ending,
}

simulator_stage::simulator!(Command, Refusal, Fault, act, PAGE);

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
            .route("/archive/{what}", post(api::archive::serve))
            .route(api::authorize::INSIDE, get(api::authorize::serve))
            .route(api::authorize::SCANNED, get(api::authorize::serve))
            .route(api::authorize::SCANNED_BEFORE, get(api::authorize::serve))
            .fallback(api::serve)
            .with_state(shared.clone());
        Ok(Self(opening.run(shared, vec![(port, doors)], waiting)))
    }

    /// Where the API is: `http://127.0.0.1:port`, without a slash at its end.
    pub fn api_url(&self) -> String {
        self.play().state.lock().api_url.clone()
    }

    /// Where bots connect.
    pub fn socket_url(&self) -> String {
        format!("{}/", self.api_url().replacen("http://", "ws://", 1))
    }
}
