//! A simulator that runs: its three ports and what its parts share.

use std::sync::Arc;

use axum::Router;
use axum::routing::{get, post};
use parking_lot::Mutex;
use simulator_stage::{Ending, Opening, Page, Port, queue};

use crate::command::{Command, act};
use crate::faults::Fault;
use crate::refusal::Refusal;
use crate::settings::Settings;
use crate::socket::Hub;
use crate::state::State;
use crate::{api, socket};

/// What all parts of a running simulator share.
pub struct Shared {
    pub(crate) state: Mutex<State>,
    pub(crate) hub: Hub,
    ending: Ending,
}

const PAGE: Page = Page {
    names: ["钉钉", "DingTalk"],
    colour: "#007fff",
    // What people put on messages no robot is told, so the page does not offer it.
    reactions: &[],
    edits: false,
    mentions: true,
    opens: true,
    todos: true,
    ticks: false,
};

simulator_stage::simulator!(Command, Refusal, Fault, act, PAGE);

impl Simulator {
    /// Starts it on loopback.
    ///
    /// # Errors
    /// A port that is taken.
    pub async fn start(settings: Settings) -> std::io::Result<Self> {
        let opening = Opening::take(settings.control_port).await?;
        let new = Port::take(settings.api_port).await?;
        let old = Port::take(settings.old_api_port).await?;
        let (pushes, waiting) = queue();
        let shared = Arc::new(Shared {
            state: Mutex::new(State::new(settings, new.url(), old.url(), pushes)),
            hub: Hub::default(),
            ending: opening.ending(),
        });
        let new_doors = Router::new()
            .route("/v1.0/gateway/connections/open", post(socket::gateway::open))
            .route("/connect", get(socket::handshake::connect))
            .route("/objects/{name}", get(api::downloads::download))
            .route("/oauth2/auth", get(api::consent::ask))
            .route("/oauth2/consent", get(api::consent::answer))
            .fallback(api::serve_new)
            .with_state(shared.clone());
        let old_doors = Router::new()
            .route("/call_back/register_call_back", post(api::callbacks::register))
            .route("/call_back/update_call_back", post(api::callbacks::register))
            .fallback(api::serve_old)
            .with_state(shared.clone());
        Ok(Self(opening.run(shared, vec![(new, new_doors), (old, old_doors)], waiting)))
    }

    /// Where the new API, the stream's gateway and downloads are: `http://127.0.0.1:port`, without a slash at its end.
    pub fn api_url(&self) -> String {
        self.play().state.lock().api_url.clone()
    }

    /// Where the old API is.
    pub fn old_api_url(&self) -> String {
        self.play().state.lock().old_api_url.clone()
    }
}
