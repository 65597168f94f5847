//! A simulator that runs: its two ports and what its parts share.

use std::net::SocketAddr;
use std::ops::Deref;
use std::sync::Arc;

use axum::Router;
use axum::routing::{get, post};
use parking_lot::Mutex;
use serde_json::Value;
use simulator_stage::{Ending, Opening, Page, Play, Port, Running, Stage, queue};

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

impl Play for Shared {
    type Command = Command;
    type Refusal = Refusal;

    const FAULTS: &'static [(&'static str, &'static str)] = Fault::LIST;
    const PAGE: Page = Page {
        names: ["飞书", "Feishu"],
        colour: "#3370ff",
        reactions: &[["THUMBSUP", "👍"], ["HEART", "❤️"], ["OK", "👌"], ["SMILE", "🙂"], ["PARTY", "🎉"]],
        edits: true,
        mentions: false,
        opens: true,
    };

    fn with_stage<R>(&self, use_it: impl FnOnce(&mut Stage) -> R) -> R {
        use_it(&mut self.state.lock().stage)
    }

    fn ending(&self) -> &Ending {
        &self.ending
    }

    async fn act(self: &Arc<Self>, command: Command) -> Result<Value, Refusal> {
        act(self, command).await
    }
}

/// A running simulator. It ends when it is dropped.
pub struct Simulator(Running<Shared>);

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

    /// What an app calls a person or another app: their `open_id`.
    pub fn open_id(app: &str, who: &str) -> String {
        open_id(app, who)
    }

    /// Ends it and waits until its ports are closed.
    pub async fn stop(self) {
        self.0.stop().await;
    }
}

impl Deref for Simulator {
    type Target = Running<Shared>;

    fn deref(&self) -> &Self::Target {
        &self.0
    }
}
