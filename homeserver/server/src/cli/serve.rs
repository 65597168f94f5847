//! `lianqiao serve`

use base::{Background, LogFormat, telemetry};
use config::Config;
use tokio::signal::unix::{Signal, SignalKind, signal};

use super::{ConfigFile, output::say};
use crate::{
    Options, RunningServer, Server, complement::ComplementEnvironment, first_start,
    limits::WORKER_STACK_BYTES,
};

/// Arguments of `serve`.
#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    #[command(flatten)]
    file: ConfigFile,
    /// Server name to write into the configuration when there is none yet.
    #[arg(long)]
    server_name: Option<String>,
    /// Runs as the server under test of Complement, configured by the environment alone.
    #[arg(long)]
    complement: bool,
}

pub(super) async fn run(arguments: Arguments) -> Result<(), String> {
    // Before anything slow, so that a stop during the start is heard: as process 1 nobody else would.
    let mut signals = Signals::listen()?;
    let config =
        if arguments.complement { complement_environment().config() } else { configured(&arguments)? };
    start_logging(&config)?;
    let starting = start(config, arguments.complement);
    let server = tokio::select! {
        started = starting => started?,
        () = signals.stop() => return Ok(()),
    };
    announce(&server).await?;
    while signals.next().await == Order::Reload {
        match server.reload_certificate() {
            Ok(()) => tracing::info!("certificate read again"),
            Err(error) => tracing::error!(%error, "read certificate again; the old one stays"),
        }
        if !arguments.complement {
            match arguments.file.read() {
                Ok(config) => server.reload_policy(&config).await,
                Err(error) => tracing::error!(error, "read configuration again; nothing of it is taken"),
            }
        }
        server.reload_appservices().await;
    }
    tracing::info!("stopping");
    server.stop().await;
    tracing::info!("stopped");
    Ok(())
}

async fn start(config: Config, complement: bool) -> Result<RunningServer, String> {
    let threads = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    let background = Background::start(threads, WORKER_STACK_BYTES)
        .map_err(|error| format!("background threads do not start: {error}"))?;
    let options = Options { background, ..Options::default() };
    let started = if complement {
        let certificate = complement_environment().certificate().map_err(|error| error.to_string())?;
        Box::pin(Server::start_with_certificate(config, options, certificate)).await
    } else {
        Server::start(config, options).await
    };
    started.map_err(|error| error.to_string())
}

fn complement_environment() -> ComplementEnvironment {
    ComplementEnvironment::read(|name| std::env::var(name).ok())
}

/// The configuration, written first when there is none.
fn configured(arguments: &Arguments) -> Result<Config, String> {
    let path = &arguments.file.config;
    if !path.exists() {
        let named = arguments.server_name.clone().or_else(|| std::env::var("LIANQIAO__SERVER__NAME").ok());
        let name = named.as_deref().unwrap_or(first_start::TRIAL_SERVER_NAME);
        let data = Config::default().server.data_directory;
        first_start::write_config(path, name, &data)
            .map_err(|error| format!("{} cannot be written: {error}", path.display()))?;
        say(&format!("Wrote {} for the server name {name}.", path.display()));
        if named.is_none() {
            say("This name is good for trying out on this machine. For anything more, set server.name in");
            say("that file and delete the data folder: a server can never change its name.");
        }
    }
    arguments.file.read()
}

pub(super) fn start_logging(config: &Config) -> Result<(), String> {
    let format = match config.logging.format {
        config::LogFormat::Human => LogFormat::Human,
        config::LogFormat::Json => LogFormat::Json,
    };
    telemetry::start(format, &config.logging.filter).map_err(|error| error.to_string())
}

/// Tells where the server is, and how the first administrator is made.
async fn announce(server: &RunningServer) -> Result<(), String> {
    let url = server.client_url();
    tracing::info!(client = %url, private = server.private_url(), federation = ?server.federation_address(), "ready");
    say(&format!("Clients connect to {url}"));
    if let Some(link) = server.first_administrator_link().await.map_err(|error| error.to_string())? {
        say("There is no administrator yet. This link makes the first one, once:");
        say(&format!("  {link}"));
    }
    Ok(())
}

/// What a signal asks for.
#[derive(PartialEq, Eq)]
pub(super) enum Order {
    Stop,
    Reload,
}

/// The signals of a process that runs until it is told otherwise.
pub(super) struct Signals {
    terminate: Signal,
    interrupt: Signal,
    hang_up: Signal,
}

impl Signals {
    pub fn listen() -> Result<Self, String> {
        let listen = |kind| signal(kind).map_err(|error| format!("signals cannot be heard: {error}"));
        Ok(Self {
            terminate: listen(SignalKind::terminate())?,
            interrupt: listen(SignalKind::interrupt())?,
            hang_up: listen(SignalKind::hangup())?,
        })
    }

    /// The next order from outside.
    pub async fn next(&mut self) -> Order {
        tokio::select! {
            _ = self.terminate.recv() => Order::Stop,
            _ = self.interrupt.recv() => Order::Stop,
            _ = self.hang_up.recv() => Order::Reload,
        }
    }

    async fn stop(&mut self) {
        while self.next().await != Order::Stop {}
    }
}
