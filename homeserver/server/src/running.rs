//! A server from its start to its end.

use std::{
    io,
    net::SocketAddr,
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use ::administration::Act;
use accounts::{AccountError, NewUser};
use base::{Clock, Rng, Shutdown};
use config::Config;
use lianqiao_http::{App, FIRST_ADMINISTRATOR_PATH};
use media::MediaError;
use outbound::OutboundError;
use store::{OpenError, Store, StoreError};
use tokio::{task::JoinHandle, time::timeout};

use crate::{
    acme, administration,
    bots::{Bound, Surroundings, Working},
    limits::BOTS_CONNECTIONS_MAX,
    listener,
    listener::{Listening, Terms},
    metrics_endpoint,
    parts::{self, Options, Parts},
    settings,
    tls::{Certificate, Tls},
    workers,
};

/// Why a server did not start. The text says what to do.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// A setting that `config check` would have refused.
    #[error("setting {key}: {reason}")]
    Setting {
        /// `section.key`.
        key: &'static str,
        /// What is wrong.
        reason: String,
    },
    /// The data folder cannot be made.
    #[error("the data folder {path} cannot be made: {error}")]
    Directory {
        /// The folder.
        path: PathBuf,
        /// The system's word.
        error: io::Error,
    },
    /// The signing key cannot be read or written.
    #[error("the signing key {path} cannot be used: {reason}")]
    SigningKey {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        reason: String,
    },
    /// The database folder cannot be opened, for example because another process holds it.
    #[error("{0}")]
    Database(#[from] store_rocksdb::DirectoryError),
    /// The database is not one that this server may open.
    #[error("the database cannot be opened: {0}")]
    Open(#[from] OpenError),
    /// The database answers with an error.
    #[error("the database cannot be read: {0}")]
    Store(#[from] StoreError),
    /// Connections to the outside cannot be made ready.
    #[error("section [outbound]: {0}")]
    Outbound(#[from] OutboundError),
    /// The storage of media cannot be used.
    #[error("section [media]: {0}")]
    Media(#[from] MediaError),
    /// Accounts cannot be prepared.
    #[error("accounts cannot be prepared: {0}")]
    Accounts(#[from] AccountError),
    /// What is known of other servers cannot be read.
    #[error("federation cannot be prepared: {0}")]
    Federation(#[from] federation::FederationError),
    /// The search index cannot be opened.
    #[error("{0}; its folder may be deleted, it is made anew")]
    Search(#[from] search::SearchError),
    /// Work that a crash interrupted cannot be finished.
    #[error("work interrupted by a crash cannot be finished: {0}")]
    Resume(String),
    /// The registration of the bots cannot be read or written.
    #[error("the registration of the bots {path} cannot be used: {reason}")]
    Registration {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        reason: String,
    },
    /// A bot cannot use what it kept.
    #[error("the bots cannot start: {0}")]
    Bots(String),
    /// A certificate cannot be used.
    #[error("TLS: {0}")]
    Tls(String),
    /// An address cannot be listened on.
    #[error("cannot listen on {address}: {error}; is another server running there?")]
    Listen {
        /// The address as configured.
        address: String,
        /// The system's word.
        error: io::Error,
    },
}

/// Where the bots of this process are served when clients are only by TLS: any free port of this machine.
const LOOPBACK_ADDRESS: &str = "127.0.0.1:0";

/// How to start a server in this process.
pub struct Server;

impl Server {
    /// Opens the store, starts every listener, and returns when all of them accept.
    ///
    /// # Errors
    /// See [`StartError`]; nothing keeps running then.
    pub async fn start(config: Config, options: Options) -> Result<RunningServer, StartError> {
        let certificate = file_certificate(&config)?;
        Box::pin(Self::start_with_certificate(config, options, certificate)).await
    }

    pub(crate) async fn start_with_certificate(
        config: Config,
        mut options: Options,
        certificate: Option<Arc<Certificate>>,
    ) -> Result<RunningServer, StartError> {
        let recorder = if config.metrics.enabled { metrics_endpoint::install() } else { None };
        let clock = options.clock.clone().unwrap_or_else(Clock::system);
        let rng = options.rng.clone().unwrap_or_else(Rng::system);
        let bots = match config.bots.enabled {
            true => Some(Bound::inside(&config, &rng).await?),
            false => None,
        };
        options.registrations.extend(bots.as_ref().map(|bots| bots.registration().to_owned()));
        let Parts { store, app, shutdown, outbound_to_services } = parts::build(&config, options).await?;
        prepare(&config, &app).await?;

        let mut running = RunningServer {
            listening: Vec::new(),
            client: None,
            client_tls: None,
            federation: None,
            private: None,
            administration: None,
            bots: None,
            store,
            app,
            shutdown,
            certificate,
            config,
        };
        let started = async {
            running.listen(recorder).await?;
            if let Some(bots) = bots {
                let around = Surroundings {
                    homeserver_url: running.loopback_url().await?,
                    outbound: outbound_to_services,
                    clock,
                    rng,
                    terms: Terms { connections_max: BOTS_CONNECTIONS_MAX, ..running.terms() },
                    shutdown: running.shutdown.clone(),
                };
                running.bots = Some(bots.start(&running.config, around).await?);
            }
            let directory = Path::new(&running.config.server.data_directory);
            running.administration =
                administration::serve(directory, running.app.clone(), running.shutdown.clone());
            Ok(())
        };
        let started: Result<(), StartError> = Box::pin(started).await;
        match started {
            Ok(()) => {
                workers::start(&running.app, &running.shutdown);
                Ok(running)
            }
            Err(error) => {
                running.stop().await;
                Err(error)
            }
        }
    }
}

/// Work between opening the store and the first request.
async fn prepare(config: &Config, app: &App) -> Result<(), StartError> {
    if let Some(token) = &config.registration.token {
        let tokens = app.accounts.registration_tokens().await?;
        if tokens.iter().all(|known| known.token != *token) {
            app.accounts.create_registration_token(Some(token.clone()), None, None).await?;
        }
    }
    for (user, rate) in app.administration.rate_overrides().await? {
        app.limits.set_own(&user, Some(rate.into()));
    }
    app.flows.resume().await.map_err(|error| StartError::Resume(error.to_string()))
}

fn file_certificate(config: &Config) -> Result<Option<Arc<Certificate>>, StartError> {
    match (&config.tls.certificate_file, &config.tls.private_key_file) {
        (Some(chain), Some(key)) => {
            Certificate::from_files(Path::new(chain), Path::new(key)).map(|found| Some(Arc::new(found)))
        }
        (Some(_) | None, _) => Ok(None),
    }
}

/// A server that runs. Dropping it stops nothing; call [`RunningServer::stop`].
pub struct RunningServer {
    listening: Vec<JoinHandle<()>>,
    client: Option<SocketAddr>,
    client_tls: Option<SocketAddr>,
    federation: Option<SocketAddr>,
    private: Option<SocketAddr>,
    administration: Option<JoinHandle<()>>,
    bots: Option<Working>,
    store: Store,
    app: App,
    shutdown: Shutdown,
    certificate: Option<Arc<Certificate>>,
    config: Config,
}

impl RunningServer {
    async fn listen(
        &mut self,
        recorder: Option<metrics_exporter_prometheus::PrometheusHandle>,
    ) -> Result<(), StartError> {
        let listeners = self.config.listeners.clone();
        let terms = self.terms();
        let directory = PathBuf::from(&self.config.server.data_directory);
        let tls = match &self.certificate {
            Some(certificate) => Some(Tls::new(certificate.clone(), None)?),
            None if self.config.acme.enabled => {
                let authorities = settings::outbound(&self.config)?.extra_authorities_pem;
                let shutdown = self.shutdown.clone();
                Some(acme::start(&self.config.acme, &directory, authorities.as_deref(), shutdown)?)
            }
            None => None,
        };

        let client = lianqiao_http::router(self.app.clone());
        for address in &listeners.client {
            let bound = listener::listen(address, client.clone(), None, terms.clone()).await?;
            let address = self.keep(bound);
            self.client.get_or_insert(address);
        }
        if let Some(tls) = tls {
            for address in &listeners.client_tls {
                let bound =
                    listener::listen(address, client.clone(), Some(tls.clone()), terms.clone()).await?;
                let address = self.keep(bound);
                self.client_tls.get_or_insert(address);
            }
            let federation = lianqiao_http::federation_router(self.app.clone());
            for address in &listeners.federation {
                let bound =
                    listener::listen(address, federation.clone(), Some(tls.clone()), terms.clone()).await?;
                let address = self.keep(bound);
                self.federation.get_or_insert(address);
            }
        }
        let private = metrics_endpoint::router(self.store.clone(), self.shutdown.clone(), recorder);
        for address in &listeners.private {
            let bound = listener::listen(address, private.clone(), None, terms.clone()).await?;
            let address = self.keep(bound);
            self.private.get_or_insert(address);
        }
        Ok(())
    }

    fn terms(&self) -> Terms {
        let listeners = &self.config.listeners;
        Terms {
            connections_max: listeners.connections_max,
            header_timeout: Duration::from_secs(listeners.header_timeout_seconds),
            shutdown_timeout: Duration::from_secs(listeners.shutdown_timeout_seconds),
            shutdown: self.shutdown.clone(),
        }
    }

    /// Where the bots of this process reach the server. A listener with TLS has a certificate for another name, so
    /// without a plain one they get one on this machine for themselves.
    async fn loopback_url(&mut self) -> Result<String, StartError> {
        if let Some(address) = self.client {
            return Ok(format!("http://{}", reachable(address)));
        }
        let router = lianqiao_http::router(self.app.clone());
        let bound = listener::listen(LOOPBACK_ADDRESS, router, None, self.terms()).await?;
        Ok(format!("http://{}", self.keep(bound)))
    }

    fn keep(&mut self, bound: Listening) -> SocketAddr {
        self.listening.push(bound.task);
        bound.address
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

    /// Address of the listener for other servers, if it is on.
    pub fn federation_address(&self) -> Option<SocketAddr> {
        self.federation
    }

    /// Address of the TLS listener for clients, if it is on.
    pub fn client_tls_address(&self) -> Option<SocketAddr> {
        self.client_tls
    }

    /// The stop signal; triggering it makes listeners and long polls end, [`Self::stop`] waits for it.
    pub fn shutdown(&self) -> &Shutdown {
        &self.shutdown
    }

    /// The one-time link that makes the first administrator; none when there is an administrator.
    ///
    /// # Errors
    /// When the token cannot be stored.
    pub async fn first_administrator_link(&self) -> Result<Option<String>, StartError> {
        let token = self.app.accounts.issue_administrator_token().await?;
        Ok(token.map(|token| format!("{}{FIRST_ADMINISTRATOR_PATH}?token={token}", self.client_url())))
    }

    /// Makes an account, as `lianqiao user create` does.
    ///
    /// # Errors
    /// Whatever accounts refuse.
    pub async fn create_user(&self, user: NewUser) -> Result<ruma::OwnedUserId, AccountError> {
        self.app.accounts.create_user(user).await
    }

    /// Reads the certificate files again; on an error the old certificate stays.
    ///
    /// # Errors
    /// When the files cannot be used.
    pub fn reload_certificate(&self) -> Result<(), StartError> {
        match (&self.certificate, &self.config.tls.certificate_file, &self.config.tls.private_key_file) {
            (Some(certificate), Some(chain), Some(key)) => {
                certificate.reload(Path::new(chain), Path::new(key))
            }
            (Some(_) | None, _, _) => Ok(()),
        }
    }

    /// Reads the registrations of application services again; what is wrong with one is in the log.
    pub async fn reload_appservices(&self) {
        self.app.services.register().reload().await;
    }

    /// Takes the federation policy of a configuration that was read again, and notes that in the audit stream. What an
    /// administrator set over the configuration stays in force.
    pub async fn reload_policy(&self, config: &Config) {
        let policy = match settings::policy(&config.federation) {
            Ok(policy) => policy,
            Err(error) => return tracing::error!(%error, "take federation policy; the old one stays"),
        };
        let act = Act { actor: administration::OPERATOR, action: "reload federation policy", target: "" };
        let mark = match self.app.administration.begin_act(act).await {
            Ok(mark) => mark,
            Err(error) => return tracing::error!(%error, "take federation policy; the old one stays"),
        };
        self.app.federation.policy().reconfigure(policy);
        self.app.administration.end_act(mark, None).await;
        tracing::info!("federation policy read again");
    }

    /// Stops: no new connections, long polls answer, running requests finish, then the store closes.
    pub async fn stop(mut self) {
        self.shutdown.trigger();
        let patience = Duration::from_secs(self.config.listeners.shutdown_timeout_seconds);
        for task in self.listening.drain(..) {
            let _ = task.await;
        }
        if let Some(task) = self.administration.take() {
            let _ = task.await;
        }
        if let Some(bots) = self.bots.take() {
            bots.stop().await;
        }
        let tasks = self.app.tasks();
        tasks.close();
        if timeout(patience, tasks.wait()).await.is_err() {
            tracing::warn!(running = tasks.len(), "some writes did not finish in time");
        }
        self.store.close().await;
        self.app.accounts.unplug();
        self.app.media.unplug();
        self.app.rooms.unplug_policy_servers();
    }
}

/// An address that a program on this machine can connect to.
fn reachable(address: SocketAddr) -> SocketAddr {
    match address {
        SocketAddr::V4(v4) if v4.ip().is_unspecified() => ([127, 0, 0, 1], v4.port()).into(),
        SocketAddr::V6(v6) if v6.ip().is_unspecified() => (std::net::Ipv6Addr::LOCALHOST, v6.port()).into(),
        other => other,
    }
}
