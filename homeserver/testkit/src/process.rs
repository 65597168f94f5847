//! The real binary as a process: started, asked to stop, or killed where it stands.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use crate::Authority;
use crate::User;
use crate::limits::{COMMAND_PATIENCE, START_PATIENCE, STOP_PATIENCE};
use crate::user::Connection;

/// The name of a server that federates with nobody.
pub const TEST_SERVER_NAME: &str = "test.example";

/// The environment variable that gives a server another name.
const SERVER_NAME_VARIABLE: &str = "LIANQIAO__SERVER__NAME";

/// A `lianqiao serve` on loopback. Killed when dropped.
pub struct ServerProcess {
    child: Option<Child>,
    directory: PathBuf,
    port: u16,
    http: reqwest::Client,
    environment: Vec<(String, OsString)>,
}

impl ServerProcess {
    /// Starts the binary on this directory and waits for its first answer. `more_config` is TOML that is
    /// appended to the configuration of [`config_text`].
    pub async fn start(directory: &Path, port: u16, more_config: &str) -> Self {
        let mut server = Self::prepare(directory, port, more_config);
        server.spawn().await;
        server
    }

    /// Writes the configuration and starts nothing yet.
    #[must_use]
    pub fn prepare(directory: &Path, port: u16, more_config: &str) -> Self {
        let config = config_text(directory, port) + more_config;
        std::fs::write(directory.join("lianqiao.toml"), config).expect("the configuration is written");
        let _ = rustls::crypto::ring::default_provider().install_default();
        let http = reqwest::Client::builder().no_proxy().build().expect("a plain client can be built");
        let directory = directory.to_path_buf();
        Self { child: None, directory, port, http, environment: Vec::new() }
    }

    /// The name of the server, the part after the colon of its users' ids.
    #[must_use]
    pub fn server_name(&self) -> String {
        let named = self.environment.iter().find(|(name, _)| name == SERVER_NAME_VARIABLE);
        named.map_or_else(|| TEST_SERVER_NAME.to_owned(), |(_, value)| value.to_string_lossy().into_owned())
    }

    /// Lets the process federate with whoever has a certificate of this authority on this machine, from its next start
    /// on. Its name becomes `127.0.0.1:{port}`, for which the authority must have issued one as well.
    pub fn federates(&mut self, authority: &Authority, port: u16) {
        self.set_environment(SERVER_NAME_VARIABLE, format!("127.0.0.1:{port}"));
        self.set_environment("LIANQIAO__LISTENERS__FEDERATION", format!("[\"127.0.0.1:{port}\"]"));
        self.set_environment("LIANQIAO__OUTBOUND__ALLOWED_RANGES", "[\"127.0.0.0/8\"]");
        self.set_environment("LIANQIAO__OUTBOUND__AUTHORITIES_FILE", authority.authority_file());
        self.set_environment("LIANQIAO__TLS__CERTIFICATE_FILE", authority.certificate_file());
        self.set_environment("LIANQIAO__TLS__PRIVATE_KEY_FILE", authority.key_file());
    }

    /// Runs a command of the binary on this server's configuration, whether the server runs or not. Answers whether it
    /// succeeded, and what it said.
    pub async fn commands(&self, arguments: &[&str]) -> (bool, String) {
        let running = tokio::process::Command::new(lianqiao_binary())
            .args(arguments)
            .env("LIANQIAO_CONFIG", self.directory.join("lianqiao.toml"))
            .envs(self.environment.iter().map(|(name, value)| (name, value)))
            .stdin(Stdio::null())
            .kill_on_drop(true)
            .output();
        let output = tokio::time::timeout(COMMAND_PATIENCE, running).await.expect("the command ends");
        let output = output.expect("the binary starts");
        let text = [output.stdout, output.stderr].concat();
        (output.status.success(), String::from_utf8_lossy(&text).into_owned())
    }

    /// Gives the process one more environment variable from its next start on.
    pub fn set_environment(&mut self, name: &str, value: impl Into<OsString>) {
        self.environment.push((name.to_owned(), value.into()));
    }

    /// A client of this server that has no account.
    #[must_use]
    pub fn stranger(&self) -> User {
        User::stranger(Connection::new(self.client_url()))
    }

    /// Registers a user.
    pub async fn user(&self, name: &str) -> User {
        User::register(Connection::new(self.client_url()), name).await
    }

    /// Whether the server says that it takes work. `None` where it does not answer at all.
    pub async fn is_ready(&self) -> Option<bool> {
        let response = self.http.get(format!("{}/ready", self.private_url())).send().await.ok()?;
        Some(response.status().is_success())
    }

    /// Where clients reach it.
    #[must_use]
    pub fn client_url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    /// Where the operator's health and metrics are.
    #[must_use]
    pub fn private_url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port + 1)
    }

    /// Where the process writes its log.
    #[must_use]
    pub fn log_file(&self) -> PathBuf {
        self.directory.join("server.log")
    }

    /// Starts the stopped process again and waits for its first answer.
    pub async fn spawn(&mut self) {
        self.spawn_unready();
        let deadline = tokio::time::Instant::now() + START_PATIENCE;
        let url = format!("{}/_matrix/client/versions", self.client_url());
        loop {
            if let Ok(response) = self.http.get(&url).send().await
                && response.status().is_success()
            {
                return;
            }
            let ended = self.child.as_mut().and_then(|child| child.try_wait().ok().flatten());
            let log = || std::fs::read_to_string(self.log_file()).unwrap_or_default();
            assert!(ended.is_none(), "the server ended at its start ({ended:?}):\n{}", log());
            assert!(tokio::time::Instant::now() < deadline, "the server does not answer:\n{}", log());
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }

    /// Starts the process and does not wait for anything.
    pub fn spawn_unready(&mut self) {
        assert!(self.child.is_none(), "the server runs already");
        let log = std::fs::OpenOptions::new()
            .create(true)
            .append(true)
            .open(self.log_file())
            .expect("the log file is opened");
        let child = Command::new(lianqiao_binary())
            .arg("serve")
            .arg("--config")
            .arg(self.directory.join("lianqiao.toml"))
            .envs(self.environment.iter().map(|(name, value)| (name, value)))
            .stdin(Stdio::null())
            .stdout(log.try_clone().expect("a file handle is cloned"))
            .stderr(log)
            .spawn()
            .expect("the binary starts; `cargo build --bin lianqiao` makes it, LIANQIAO_BIN names another");
        self.child = Some(child);
    }

    /// The process id, while the process runs.
    #[must_use]
    pub fn id(&self) -> Option<u32> {
        self.child.as_ref().map(Child::id)
    }

    /// Kills the process where it stands, as a power cut would. What it did not sync may be lost.
    pub fn kill(&mut self) {
        if let Some(mut child) = self.child.take() {
            let _ = child.kill();
            let _ = child.wait();
        }
    }

    /// Asks the process to stop and waits until it has.
    pub async fn stop(&mut self) {
        let Some(mut child) = self.child.take() else { return };
        let status = Command::new("kill").arg("-TERM").arg(child.id().to_string()).status();
        assert!(status.is_ok_and(|status| status.success()), "the signal is sent");
        let deadline = tokio::time::Instant::now() + STOP_PATIENCE;
        while child.try_wait().ok().flatten().is_none() {
            if tokio::time::Instant::now() > deadline {
                let _ = child.kill();
                let _ = child.wait();
                panic!("the server ignored the request to stop");
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }

    /// Stops the process cleanly and starts it again.
    pub async fn restart(&mut self) {
        self.stop().await;
        self.spawn().await;
    }
}

impl Drop for ServerProcess {
    fn drop(&mut self) {
        self.kill();
    }
}

/// The binary under test: `LIANQIAO_BIN`, or the one that Cargo built beside the running test.
#[must_use]
pub fn lianqiao_binary() -> PathBuf {
    if let Some(named) = std::env::var_os("LIANQIAO_BIN") {
        return PathBuf::from(named);
    }
    let this = std::env::current_exe().expect("a process knows its file");
    let folder = this.ancestors().skip(1).find(|folder| !folder.ends_with("deps")).expect("a target folder");
    folder.join("lianqiao")
}

/// A configuration for tests: open registration, no rate limits, cheap password hashing, fsync as shipped.
#[must_use]
pub fn config_text(directory: &Path, port: u16) -> String {
    let data = directory.join("data");
    let private = port + 1;
    format!(
        r#"[server]
name = "{TEST_SERVER_NAME}"
data_directory = {data:?}
[listeners]
client = ["127.0.0.1:{port}"]
federation = []
private = ["127.0.0.1:{private}"]
[registration]
open = true
shared_secret = "testkit"
guests = true
[passwords]
length_min = 1
memory_kibibytes = 8
passes = 1
[rate_limits]
enabled = false
[rooms]
directory_without_token = true
[bots]
enabled = false
"#
    )
}
