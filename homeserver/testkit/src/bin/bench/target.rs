//! A server under load: how it is started, where it answers, which processes are its own.

use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use tempfile::TempDir;
use testkit::Authority;
use tokio::time::Instant;

use crate::processes;

/// How long a server may take to answer its first request.
const START_PATIENCE: Duration = Duration::from_secs(60);

/// How long a server may take to stop when asked.
const STOP_PATIENCE: Duration = Duration::from_secs(20);

/// What is needed to run Lianqiao.
pub struct LianqiaoOptions {
    /// The release binary.
    pub binary: PathBuf,
}

/// What is needed to run a Synapse that `complement-tests/bench/run` has installed.
#[derive(Default)]
pub struct SynapseOptions {
    /// The interpreter of its virtual environment.
    pub python: PathBuf,
    /// Its `homeserver.yaml`.
    pub config: PathBuf,
    /// Where its client listener answers.
    pub url: String,
    /// The postmaster of its database, whose CPU counts.
    pub postgres_pid: u32,
}

/// A server under load.
pub struct Target {
    name: String,
    url: String,
    program: PathBuf,
    arguments: Vec<String>,
    helpers: Vec<u32>,
    child: Option<Child>,
    _directory: Option<TempDir>,
}

impl Target {
    /// Lianqiao on RocksDB in a folder of its own, durable, with limits off and cheap password hashing.
    pub fn lianqiao(options: &LianqiaoOptions) -> Result<Self, String> {
        let directory = tempfile::tempdir().map_err(|error| error.to_string())?;
        let port = free_port()?;
        let config = directory.path().join("lianqiao.toml");
        let text = testkit::config_text(directory.path(), port);
        std::fs::write(&config, text).map_err(|error| error.to_string())?;
        Ok(Self {
            name: "Lianqiao".to_owned(),
            url: format!("http://127.0.0.1:{port}"),
            program: options.binary.clone(),
            arguments: vec!["serve".to_owned(), "--config".to_owned(), config.display().to_string()],
            helpers: Vec::new(),
            child: None,
            _directory: Some(directory),
        })
    }

    /// The same with a listener for other servers at this host, trusting this authority, and its name among them.
    pub fn federating(
        options: &LianqiaoOptions,
        host: &str,
        authority: &Authority,
    ) -> Result<(Self, String), String> {
        let target = Self::lianqiao(options)?;
        let port = free_port()?;
        let name = format!("{host}:{port}");
        let directory = target._directory.as_ref().ok_or("the server has a folder")?;
        let config = directory.path().join("lianqiao.toml");
        let text = std::fs::read_to_string(&config).map_err(|error| error.to_string())?;
        let text = text
            .replace(&format!("name = \"{}\"", testkit::TEST_SERVER_NAME), &format!("name = \"{name}\""))
            .replace("federation = []", &format!("federation = [\"127.0.0.1:{port}\"]"));
        let files = [authority.certificate_file(), authority.key_file(), authority.authority_file()];
        let [certificate, key, authority] = files.map(|file| file.display().to_string());
        let text = format!(
            "{text}[tls]\ncertificate_file = {certificate:?}\nprivate_key_file = {key:?}\n\
             [outbound]\nallowed_hosts = [{host:?}]\nauthorities_file = {authority:?}\n"
        );
        std::fs::write(&config, text).map_err(|error| error.to_string())?;
        Ok((target, name))
    }

    /// Synapse on PostgreSQL.
    pub fn synapse(options: SynapseOptions) -> Self {
        Self {
            name: "Synapse".to_owned(),
            url: options.url,
            program: options.python,
            arguments: ["-m", "synapse.app.homeserver", "--config-path"]
                .map(str::to_owned)
                .into_iter()
                .chain([options.config.display().to_string()])
                .collect(),
            helpers: vec![options.postgres_pid],
            child: None,
            _directory: None,
        }
    }

    /// The name in the table.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Where clients reach it.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Starts the server and answers how many ms passed until its first answer.
    pub async fn start(&mut self) -> Result<f64, String> {
        let begun = Instant::now();
        let child = Command::new(&self.program)
            .args(&self.arguments)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .map_err(|error| format!("{}: {error}", self.program.display()))?;
        self.child = Some(child);
        let http = reqwest::Client::builder().no_proxy().build().map_err(|error| error.to_string())?;
        let url = format!("{}/_matrix/client/versions", self.url);
        while begun.elapsed() < START_PATIENCE {
            if http.get(&url).send().await.is_ok_and(|answer| answer.status().is_success()) {
                return Ok(begun.elapsed().as_secs_f64() * 1000.0);
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        Err(format!("{} does not answer", self.name))
    }

    /// Asks the server to stop and waits; kills it when it does not.
    pub async fn stop(&mut self) {
        let Some(mut child) = self.child.take() else { return };
        let _ = Command::new("kill").arg("-TERM").arg(child.id().to_string()).status();
        let begun = Instant::now();
        while child.try_wait().ok().flatten().is_none() && begun.elapsed() < STOP_PATIENCE {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        let _ = child.kill();
        let _ = child.wait();
    }

    /// CPU time in ms of the server and its database so far.
    pub fn cpu_ms(&self) -> f64 {
        processes::cpu_ms(&self.pids())
    }

    /// Resident memory in MB of the server and its database.
    pub fn resident_mb(&self) -> f64 {
        processes::resident_mb(&self.pids())
    }

    /// The most memory in MB that the server itself has held since its start.
    pub fn peak_mb(&self) -> f64 {
        self.child.as_ref().and_then(|child| processes::peak_mb(child.id())).unwrap_or(0.0)
    }

    fn pids(&self) -> Vec<u32> {
        self.child.iter().map(Child::id).chain(self.helpers.iter().copied()).collect()
    }
}

fn free_port() -> Result<u16, String> {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").map_err(|error| error.to_string())?;
    Ok(listener.local_addr().map_err(|error| error.to_string())?.port())
}
