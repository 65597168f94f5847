//! A simulator that runs: its two ports and what its parts share.

use std::net::SocketAddr;
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
use crate::state::people::open_id;
use crate::{api, socket};

/// What all parts of a running simulator share.
pub struct Shared {
    pub(crate) state: Mutex<State>,
    pub(crate) hub: Hub,
    pub(crate) api_address: SocketAddr,
    ending: Ending,
}

const PAGE: Page = Page {
    names: ["飞书", "Feishu"],
    colour: "#3370ff",
    reactions: &[["THUMBSUP", "👍"], ["HEART", "❤️"], ["OK", "👌"], ["SMILE", "🙂"], ["PARTY", "🎉"]],
    edits: true,
    mentions: false,
    opens: true,
    todos: true,
    ticks: true,
};

simulator_stage::simulator!(Command, Refusal, Fault, act, PAGE);

impl Simulator {
    /// Starts it on loopback.
    ///
    /// # Errors
    /// A port that is taken.
    pub async fn start(settings: Settings) -> std::io::Result<Self> {
        let opening = Opening::take(settings.control_port).await?;
        let api = Port::take(settings.api_port).await?;
        let (events, waiting) = queue();
        let shared = Arc::new(Shared {
            state: Mutex::new(State::new(settings, events)),
            hub: Hub::default(),
            api_address: api.address(),
            ending: opening.ending(),
        });
        let doors = Router::new()
            .route("/callback/ws/endpoint", post(socket::discovery::discover))
            .route("/ws/v2", get(socket::handshake::connect))
            .fallback(api::serve)
            .with_state(shared.clone());
        Ok(Self(opening.run(shared, vec![(api, doors)], waiting)))
    }

    /// Where the API is: `http://127.0.0.1:port`, without a slash at its end.
    pub fn api_url(&self) -> String {
        format!("http://{}", self.play().api_address)
    }

    /// The code of the definition of all native approvals.
    pub const NATIVE_CODE: &str = crate::state::office::native::NATIVE_CODE;

    /// What an app calls a person or another app: their `open_id`.
    pub fn open_id(app: &str, who: &str) -> String {
        open_id(app, who)
    }
}
