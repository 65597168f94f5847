//! The addresses that a server listens on. All of them are taken before the first request is answered, so that whoever
//! reaches one reaches every other: a client that is served finds other servers served, and readiness knows of all.

use std::{
    net::{Ipv6Addr, SocketAddr},
    sync::Arc,
};

use axum::Router;
use config::Config;
use lianqiao_http::{App, Site};
use tokio::{net::TcpListener, task::JoinHandle};

use crate::{
    StartError, bridges,
    listener::{self, Answerer, Terms, answerer},
    tls::Tls,
};

/// Where the bots of this process are served when clients are only by TLS: any free port of this machine.
const LOOPBACK_ADDRESS: &str = "127.0.0.1:0";

/// The listeners of a server.
#[derive(Default)]
pub(crate) struct Listening {
    doors: Vec<Door>,
    tasks: Vec<JoinHandle<()>>,
    /// The first listener for clients without TLS.
    pub client: Option<SocketAddr>,
    /// The first listener for clients with TLS.
    pub client_tls: Option<SocketAddr>,
    /// The first listener for other servers.
    pub federation: Option<SocketAddr>,
    /// The first listener of the private port.
    pub private: Option<SocketAddr>,
    /// A listener without TLS that programs on this machine reach.
    loopback: Option<SocketAddr>,
}

/// An address that is taken and not served yet, and who will answer there.
struct Door {
    listener: TcpListener,
    answerer: Answerer,
    tls: Option<Tls>,
}

impl Listening {
    /// Takes every address of the configuration. Connections wait there until [`Listening::serve`].
    pub async fn bind(
        config: &Config,
        app: &App,
        private: Router,
        tls: Option<Tls>,
    ) -> Result<Self, StartError> {
        let addresses = &config.listeners;
        let client = site(lianqiao_http::router(app.clone()));
        let mut listening = Self::default();
        listening.client = listening.take(&addresses.client, &client, None).await?;
        if let Some(tls) = &tls {
            listening.client_tls = listening.take(&addresses.client_tls, &client, Some(tls)).await?;
            let federation = site(lianqiao_http::federation_router(app.clone()));
            listening.federation = listening.take(&addresses.federation, &federation, Some(tls)).await?;
        }
        listening.private = listening.take(&addresses.private, &answerer(private), None).await?;
        let is_needed = config.bots.enabled || (config.bridges.enabled && bridges::any(config));
        listening.loopback = match (listening.client, is_needed) {
            (Some(address), _) => Some(reachable(address)),
            (None, true) => listening.take(&[LOOPBACK_ADDRESS.to_owned()], &client, None).await?,
            (None, false) => None,
        };
        Ok(listening)
    }

    /// Takes these addresses; returns what the first of them is.
    async fn take(
        &mut self,
        addresses: &[String],
        answerer: &Answerer,
        tls: Option<&Tls>,
    ) -> Result<Option<SocketAddr>, StartError> {
        let mut first = None;
        for address in addresses {
            let listener = listener::bind(address).await?;
            let failed = |error| StartError::Listen { address: address.clone(), error };
            first.get_or_insert(listener.local_addr().map_err(failed)?);
            self.doors.push(Door { listener, answerer: Arc::clone(answerer), tls: tls.cloned() });
        }
        Ok(first)
    }

    /// Serves every address that was taken.
    pub fn serve(&mut self, terms: &Terms) {
        let serve = |door: Door| listener::serve(door.listener, door.answerer, door.tls, terms.clone());
        self.tasks.extend(self.doors.drain(..).map(serve));
    }

    /// Where the bots of this process reach the server. A listener with TLS has a certificate for another name, so
    /// without a plain one they get one on this machine for themselves.
    pub fn loopback_url(&self) -> Option<String> {
        self.loopback.map(|address| format!("http://{address}"))
    }

    /// Where clients reach the server from this machine, like `http://127.0.0.1:8008`.
    pub fn client_url(&self) -> String {
        match (self.client, self.client_tls) {
            (Some(address), _) => format!("http://{}", reachable(address)),
            (None, Some(address)) => format!("https://{}", reachable(address)),
            (None, None) => String::new(),
        }
    }

    /// Where health and metrics are, if the private port is on.
    pub fn private_url(&self) -> Option<String> {
        self.private.map(|address| format!("http://{}", reachable(address)))
    }

    /// Waits until every listener has ended after the shutdown.
    pub async fn stop(&mut self) {
        self.doors.clear();
        for task in self.tasks.drain(..) {
            let _ = task.await;
        }
    }
}

fn site(site: Site) -> Answerer {
    Arc::new(move |request| site.answer(request))
}

/// An address that a program on this machine can connect to.
fn reachable(address: SocketAddr) -> SocketAddr {
    match address {
        SocketAddr::V4(v4) if v4.ip().is_unspecified() => ([127, 0, 0, 1], v4.port()).into(),
        SocketAddr::V6(v6) if v6.ip().is_unspecified() => (Ipv6Addr::LOCALHOST, v6.port()).into(),
        other => other,
    }
}
