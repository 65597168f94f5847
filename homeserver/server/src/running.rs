//! A server that runs: where it is, what can be asked of it from inside the process, its stop.

use std::{net::SocketAddr, path::Path, sync::Arc, time::Duration};

use ::administration::Act;
use accounts::{AccountError, Accounts, NewUser};
use base::Shutdown;
use config::Config;
use lianqiao_http::{App, FIRST_ADMINISTRATOR_PATH};
use metrics_exporter_prometheus::PrometheusHandle;
use rooms::Rooms;
use store::Store;
use streams::Notifier;
use tokio::{task::JoinHandle, time::timeout};

use crate::{
    StartError, acme, administration,
    bots::Working,
    listener::Terms,
    listening::Listening,
    metrics_endpoint::{self, BotsHere},
    settings,
    tls::{Certificate, Tls},
};

/// A server that runs. Dropping it stops nothing; call [`RunningServer::stop`].
pub struct RunningServer {
    pub(crate) listening: Listening,
    pub(crate) administration: Option<JoinHandle<()>>,
    pub(crate) bots: Option<Working>,
    pub(crate) bridges: Option<Working>,
    pub(crate) bots_here: BotsHere,
    pub(crate) store: Store,
    pub(crate) app: App,
    pub(crate) notifier: Notifier,
    pub(crate) shutdown: Shutdown,
    pub(crate) certificate: Option<Arc<Certificate>>,
    pub(crate) config: Config,
}

impl RunningServer {
    /// Takes every address; nobody is served yet.
    pub(crate) async fn bind(&mut self, recorder: Option<PrometheusHandle>) -> Result<(), StartError> {
        let directory = Path::new(&self.config.server.data_directory);
        let tls = match &self.certificate {
            Some(certificate) => Some(Tls::new(certificate.clone(), None)?),
            None if self.config.acme.enabled => {
                let authorities = settings::outbound(&self.config)?.extra_authorities_pem;
                let shutdown = self.shutdown.clone();
                Some(acme::start(&self.config.acme, directory, authorities.as_deref(), shutdown)?)
            }
            None => None,
        };
        let bots = self.config.bots.enabled.then(|| self.bots_here.clone());
        let (store, shutdown) = (self.store.clone(), self.shutdown.clone());
        let private = metrics_endpoint::router(store, shutdown, recorder, bots, directory);
        self.listening = Listening::bind(&self.config, &self.app, private, tls).await?;
        Ok(())
    }

    pub(crate) fn terms(&self) -> Terms {
        let listeners = &self.config.listeners;
        Terms {
            connections_max: listeners.connections_max,
            header_timeout: Duration::from_secs(listeners.header_timeout_seconds),
            shutdown_timeout: Duration::from_secs(listeners.shutdown_timeout_seconds),
            shutdown: self.shutdown.clone(),
        }
    }

    /// Where clients reach the server from this machine, like `http://127.0.0.1:8008`.
    pub fn client_url(&self) -> String {
        self.listening.client_url()
    }

    /// Where health and metrics are, if the private port is on.
    pub fn private_url(&self) -> Option<String> {
        self.listening.private_url()
    }

    /// Address of the listener for other servers, if it is on.
    pub fn federation_address(&self) -> Option<SocketAddr> {
        self.listening.federation
    }

    /// Address of the TLS listener for clients, if it is on.
    pub fn client_tls_address(&self) -> Option<SocketAddr> {
        self.listening.client_tls
    }

    /// Sessions that are registered to be woken by news: a test that needs a long poll to be waiting looks here.
    pub fn waiting_sessions(&self) -> usize {
        self.notifier.waiters()
    }

    /// The accounts as this server holds them: a test that stops a use case between two of its steps, as a crash does, looks here.
    pub fn accounts(&self) -> &Accounts {
        &self.app.accounts
    }

    /// The rooms as this server holds them: a test that has to explain why two servers disagree looks here.
    pub fn rooms(&self) -> &Rooms {
        &self.app.rooms
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
        self.listening.stop().await;
        if let Some(task) = self.administration.take() {
            let _ = task.await;
        }
        if let Some(bots) = self.bots.take()
            && timeout(patience, bots.stop()).await.is_err()
        {
            tracing::warn!("the bots did not stop in time; what they had begun is done after the next start");
        }
        if let Some(bridges) = self.bridges.take()
            && timeout(patience, bridges.stop()).await.is_err()
        {
            tracing::warn!(
                "the bridges did not stop in time; what they had begun is done after the next start"
            );
        }
        let tasks = self.app.tasks();
        tasks.close();
        if timeout(patience, tasks.wait()).await.is_err() {
            tracing::warn!(running = tasks.len(), "some writes did not finish in time");
        }
        self.store.close().await;
        self.app.neighbours.close();
        self.app.accounts.unplug();
        self.app.media.unplug();
        self.app.rooms.unplug_policy_servers();
    }
}
