//! A server and the people on it.

use std::path::PathBuf;
use std::sync::Arc;

use accounts::Accounts;
use base::{Clock, Rng};
use config::{Config, DatabaseEngine};
use outbound::Lookup;
use rooms::Rooms;
use server::{Options, RunningServer, Server};
use store::{Engine, MemoryKv};

use tokio::time::{sleep, timeout};

use crate::Authority;
use crate::limits::{LOOK_INTERVAL, SYNC_PATIENCE};
use crate::ports::free_port;
use crate::process::{ServerProcess, config_text};
use crate::user::{Connection, User};

/// A running server of one scenario. Everything it wrote is gone when it is dropped.
pub struct World {
    connection: Connection,
    running: Running,
    directory: tempfile::TempDir,
    /// Files that the server reads at each start.
    kept: Option<Arc<Authority>>,
}

enum Running {
    /// In this process; the rest is kept for a restart.
    InProcess {
        server: Option<Box<RunningServer>>,
        config: Box<Config>,
        engine: Option<Arc<dyn Engine>>,
        clock: Option<Clock>,
        lookup: Option<Arc<dyn Lookup>>,
        rng: Option<Rng>,
    },
    /// The binary.
    Process(ServerProcess),
}

impl World {
    /// A server in this process with its data in memory. The right one for nearly every scenario.
    pub async fn start() -> Self {
        Self::configured(|_| {}).await
    }

    /// Like [`World::start`], with some settings changed.
    pub async fn configured(change: impl FnOnce(&mut Config)) -> Self {
        let kept: Arc<dyn Engine> = Arc::new(MemoryKv::new());
        Self::in_process(change, Options { engine: Some(kept), ..Options::default() }).await
    }

    /// A server in this process with its data on disk.
    pub async fn on_disk() -> Self {
        Self::in_process(|config| config.database.engine = DatabaseEngine::Rocksdb, Options::default()).await
    }

    /// A server in this process over an engine of the test's own, for example one that fails on purpose.
    pub async fn over(engine: Arc<dyn Engine>) -> Self {
        Self::in_process(|_| {}, Options { engine: Some(engine), ..Options::default() }).await
    }

    /// A server in this process with anything changed: settings, clock, randomness, engine.
    pub async fn in_process(change: impl FnOnce(&mut Config), options: Options) -> Self {
        let directory = tempfile::tempdir().expect("a temporary directory can be made");
        let mut config =
            config::load(&config_text(directory.path(), 1), &[]).expect("the settings are valid");
        config.listeners.client = vec!["127.0.0.1:0".to_owned()];
        config.listeners.private = vec!["127.0.0.1:0".to_owned()];
        change(&mut config);
        let (engine, clock, lookup) = (options.engine.clone(), options.clock.clone(), options.lookup.clone());
        let rng = options.rng.clone();
        let server = Box::pin(Server::start(config.clone(), options)).await.expect("the server starts");
        let connection = Connection::new(server.client_url());
        let server = Some(Box::new(server));
        let config = Box::new(config);
        let running = Running::InProcess { server, config, engine, clock, lookup, rng };
        Self { connection, running, directory, kept: None }
    }

    /// The real binary as a process of its own, with its data on disk.
    pub async fn process() -> Self {
        let directory = tempfile::tempdir().expect("a temporary directory can be made");
        let process = ServerProcess::start(directory.path(), free_port(), "").await;
        let connection = Connection::new(process.client_url());
        Self { connection, running: Running::Process(process), directory, kept: None }
    }

    /// The real binary as a process of its own that federates with whoever has a certificate of this authority on this
    /// machine. It must have issued one for `127.0.0.1`.
    pub async fn federating_process(authority: Arc<Authority>) -> Self {
        let directory = tempfile::tempdir().expect("a temporary directory can be made");
        let mut process = ServerProcess::prepare(directory.path(), free_port(), "");
        process.federates(&authority, free_port());
        process.spawn().await;
        let connection = Connection::new(process.client_url());
        Self { connection, running: Running::Process(process), directory, kept: Some(authority) }
    }

    /// Kills the process where it stands and starts it again on the same data. All users stay usable.
    pub async fn is_killed_and_comes_back(&mut self) {
        let Running::Process(process) = &mut self.running else { panic!("only a process can be killed") };
        process.kill();
        process.spawn().await;
    }

    /// Keeps an authority's files for as long as the server may start again.
    pub(crate) fn keep(&mut self, authority: Arc<Authority>) {
        self.kept = Some(authority);
    }

    /// The name of the server, the part after the colon of its users' ids.
    #[must_use]
    pub fn server_name(&self) -> String {
        match &self.running {
            Running::InProcess { config, .. } => config.server.name.clone(),
            Running::Process(process) => process.server_name(),
        }
    }

    /// Registers these users and returns them in the same order.
    pub async fn users<const N: usize>(&self, names: [&str; N]) -> [User; N] {
        let mut users = Vec::with_capacity(N);
        for name in names {
            users.push(self.user(name).await);
        }
        users.try_into().unwrap_or_else(|_| unreachable!("as many users as names"))
    }

    /// Registers one user.
    pub async fn user(&self, name: &str) -> User {
        User::register(self.connection.clone(), name).await
    }

    /// Makes the first administrator by the link that the server printed, and logs them in. Once a world.
    pub async fn administrator(&self, name: &str) -> User {
        let Running::InProcess { server: Some(server), .. } = &self.running else {
            panic!("only a server in this process tells its link");
        };
        let link = server.first_administrator_link().await.expect("the link can be made");
        let link = link.expect("there is no administrator yet");
        let (_, token) = link.rsplit_once("token=").expect("the link has a token");
        User::first_administrator(self.connection.clone(), name, token).await
    }

    pub(crate) fn connection(&self) -> Connection {
        self.connection.clone()
    }

    /// A client without an account.
    #[must_use]
    pub fn stranger(&self) -> User {
        User::stranger(self.connection.clone())
    }

    /// Where clients reach the server, like `http://127.0.0.1:40123`.
    #[must_use]
    pub fn client_url(&self) -> String {
        self.connection.base_url.lock().clone()
    }

    /// Where health, readiness and metrics are.
    #[must_use]
    pub fn private_url(&self) -> String {
        match &self.running {
            Running::InProcess { server, .. } => server
                .as_ref()
                .and_then(|server| server.private_url())
                .expect("a test server has a private port"),
            Running::Process(process) => process.private_url(),
        }
    }

    /// A client without an account that asks the private port instead of the clients' one.
    #[must_use]
    pub fn operator(&self) -> User {
        User::stranger(Connection::new(self.private_url()))
    }

    /// The directory with the server's data, where it keeps any on disk.
    #[must_use]
    pub fn data_directory(&self) -> PathBuf {
        self.directory.path().join("data")
    }

    /// Returns when at least this many sessions wait for news on this server: their requests were let in, and the next
    /// commit that concerns them wakes them. Only for a server in this process.
    pub async fn until_waiting(&self, sessions: usize) {
        let Running::InProcess { server: Some(server), .. } = &self.running else {
            panic!("only a server in this process tells who waits");
        };
        until_waiting(server, sessions).await;
    }

    /// The accounts as the server holds them, to leave there what a crash between two steps leaves. None of a server that is
    /// stopped or not in this process.
    #[must_use]
    pub fn accounts(&self) -> Option<Accounts> {
        match &self.running {
            Running::InProcess { server, .. } => server.as_ref().map(|server| server.accounts().clone()),
            Running::Process(_) => None,
        }
    }

    /// The rooms as the server holds them, to explain a failure. None of a server that is stopped or not in this process.
    #[must_use]
    pub fn rooms(&self) -> Option<Rooms> {
        match &self.running {
            Running::InProcess { server, .. } => server.as_ref().map(|server| server.rooms().clone()),
            Running::Process(_) => None,
        }
    }

    /// Stops the server cleanly and starts it again on the same data. All users stay usable.
    pub async fn restarts(&mut self) {
        self.stops().await;
        self.starts_again().await;
    }

    /// Stops the server cleanly; nobody can use it until [`World::starts_again`].
    pub async fn stops(&mut self) {
        match &mut self.running {
            Running::Process(process) => process.stop().await,
            Running::InProcess { server, .. } => {
                if let Some(running) = server.take() {
                    running.stop().await;
                }
            }
        }
    }

    /// Starts a server that was stopped, on the same data.
    pub async fn starts_again(&mut self) {
        match &mut self.running {
            Running::Process(process) => process.spawn().await,
            Running::InProcess { server, config, engine, clock, lookup, rng } => {
                let options = Options {
                    engine: engine.clone(),
                    clock: clock.clone(),
                    lookup: lookup.clone(),
                    rng: rng.clone(),
                    ..Options::default()
                };
                let started = Box::pin(Server::start((**config).clone(), options))
                    .await
                    .expect("the server starts again");
                *self.connection.base_url.lock() = started.client_url();
                *server = Some(Box::new(started));
            }
        }
    }
}

/// As [`World::until_waiting`], for a server that a test started itself.
pub async fn until_waiting(server: &RunningServer, sessions: usize) {
    let waiting = async {
        while server.waiting_sessions() < sessions {
            sleep(LOOK_INTERVAL).await;
        }
    };
    let outcome = timeout(SYNC_PATIENCE, waiting).await;
    assert!(outcome.is_ok(), "{} of {sessions} sessions wait", server.waiting_sessions());
}
