//! A server under load: how it is started, where it answers, which processes are its own.

use std::path::{Path, PathBuf};
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
    /// Where that listens.
    pub postgres_port: u16,
}

/// What differs from the `homeserver.yaml` that was given: a name among servers, a database and a folder of its own.
const FEDERATING_SYNAPSE: &str = r#"
server_name: "{name}"
pid_file: {folder}/homeserver.pid
signing_key_path: {folder}/signing.key
media_store_path: {folder}/media
listeners:
  - {port: {client_port}, type: http, bind_addresses: ["127.0.0.1"], resources: [{names: [client], compress: false}]}
  - {port: {port}, type: http, tls: true, bind_addresses: ["127.0.0.1"], resources: [{names: [federation, keys]}]}
tls_certificate_path: {certificate}
tls_private_key_path: {key}
federation_custom_ca_list: [{authority}]
ip_range_blacklist: []
federation_ip_range_blacklist: []
database: {name: psycopg2, args: {user: synapse, dbname: {database}, host: 127.0.0.1, port: {database_port}, cp_min: 5, cp_max: 10}}
rc_federation: {window_size: 1000, sleep_limit: 100000, sleep_delay: 1, reject_limit: 100000, concurrent: 100}
"#;

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
        let port = testkit::free_port();
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
        let port = testkit::free_port();
        let name = format!("{host}:{port}");
        let files = [authority.certificate_file(), authority.key_file(), authority.authority_file()];
        let [certificate, key, authority] = files.map(|file| file.display().to_string());
        target.changes_config(|text| {
            let text = text
                .replace(&format!("name = \"{}\"", testkit::TEST_SERVER_NAME), &format!("name = \"{name}\""))
                .replace("federation = []", &format!("federation = [\"127.0.0.1:{port}\"]"));
            format!(
                "{text}[tls]\ncertificate_file = {certificate:?}\nprivate_key_file = {key:?}\n\
                 [outbound]\nallowed_hosts = [{host:?}]\nauthorities_file = {authority:?}\n"
            )
        })?;
        Ok((target, name))
    }

    /// The folder of a Lianqiao.
    fn folder(&self) -> Result<&Path, String> {
        self._directory.as_ref().map(TempDir::path).ok_or_else(|| format!("{} has no folder", self.name))
    }

    /// Changes the configuration of a Lianqiao that was not started yet.
    pub fn changes_config(&self, change: impl FnOnce(String) -> String) -> Result<(), String> {
        let config = self.folder()?.join("lianqiao.toml");
        let text = std::fs::read_to_string(&config).map_err(|error| error.to_string())?;
        std::fs::write(&config, change(text)).map_err(|error| error.to_string())
    }

    /// Puts the registration of an application service where a Lianqiao finds it at its start.
    pub fn registers(&self, name: &str, registration: &str) -> Result<(), String> {
        let folder = self.folder()?.join("data/appservices");
        std::fs::create_dir_all(&folder).map_err(|error| error.to_string())?;
        std::fs::write(folder.join(format!("{name}.yaml")), registration).map_err(|error| error.to_string())
    }

    /// Imports a staff list into a Lianqiao that runs.
    pub fn imports_staff(&self, list: &str) -> Result<(), String> {
        let file = self.folder()?.join("staff.csv");
        std::fs::write(&file, list).map_err(|error| error.to_string())?;
        let looked = self.command(&["org", "import", &file.display().to_string()])?;
        // It ends with the name of what was looked at.
        let id = looked.split_whitespace().last().unwrap_or_default();
        self.command(&["org", "apply", id]).map(drop)
    }

    /// What a command of the binary says.
    fn command(&self, arguments: &[&str]) -> Result<String, String> {
        let config = self.folder()?.join("lianqiao.toml");
        let output = Command::new(&self.program).args(arguments).env("LIANQIAO_CONFIG", config).output();
        let output = output.map_err(|error| format!("{}: {error}", self.program.display()))?;
        let said = String::from_utf8_lossy(&output.stdout).into_owned();
        match output.status.success() {
            true => Ok(said),
            false => Err(format!("{arguments:?}: {said}{}", String::from_utf8_lossy(&output.stderr))),
        }
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

    /// Synapse on a database of PostgreSQL named `synapse_{of}`, with a listener for other servers at this host, trusting this
    /// authority, and its name among them.
    pub fn federating_synapse(
        options: &SynapseOptions,
        host: &str,
        authority: &Authority,
        of: &str,
    ) -> Result<(Self, String), String> {
        let directory = tempfile::tempdir().map_err(|error| error.to_string())?;
        let (client_port, port) = (testkit::free_port(), testkit::free_port());
        let name = format!("{host}:{port}");
        let file = |path: PathBuf| path.display().to_string();
        let mut text = FEDERATING_SYNAPSE.to_owned();
        for (place, value) in [
            ("{name}", name.clone()),
            ("{folder}", file(directory.path().to_owned())),
            ("{client_port}", client_port.to_string()),
            ("{port}", port.to_string()),
            ("{certificate}", file(authority.certificate_file())),
            ("{key}", file(authority.key_file())),
            ("{authority}", file(authority.authority_file())),
            ("{database}", format!("synapse_{of}")),
            ("{database_port}", options.postgres_port.to_string()),
        ] {
            text = text.replace(place, &value);
        }
        let own = directory.path().join("homeserver.yaml");
        std::fs::write(&own, text).map_err(|error| error.to_string())?;
        let mut arguments = ["-m", "synapse.app.homeserver"].map(str::to_owned).to_vec();
        for config in [&options.config, &own] {
            arguments.extend(["--config-path".to_owned(), config.display().to_string()]);
        }
        let made = Command::new(&options.python).args(&arguments).arg("--generate-keys").output();
        let made = made.map_err(|error| format!("{}: {error}", options.python.display()))?;
        if !made.status.success() {
            return Err(format!("Synapse makes no keys: {}", String::from_utf8_lossy(&made.stderr)));
        }
        let target = Self {
            name: "Synapse".to_owned(),
            url: format!("http://127.0.0.1:{client_port}"),
            program: options.python.clone(),
            arguments,
            helpers: Vec::new(),
            child: None,
            _directory: Some(directory),
        };
        Ok((target, name))
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

    /// Waits until a Lianqiao says that it and every bot are ready.
    pub async fn is_ready(&self) -> Result<(), String> {
        let (host, port) = self.url.rsplit_once(':').ok_or("the address has a port")?;
        let private: u16 = port.parse::<u16>().map_err(|error| error.to_string())? + 1;
        let http = reqwest::Client::builder().no_proxy().build().map_err(|error| error.to_string())?;
        let begun = Instant::now();
        while begun.elapsed() < START_PATIENCE {
            let answer = http.get(format!("{host}:{private}/ready")).send().await;
            if answer.is_ok_and(|answer| answer.status().is_success()) {
                return Ok(());
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        Err(format!("{} is not ready", self.name))
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

    /// Resident memory in MB of the server itself.
    pub fn own_mb(&self) -> f64 {
        self.child.as_ref().map_or(0.0, |child| processes::resident_mb(&[child.id()]))
    }

    /// The most memory in MB that the server itself has held since its start.
    pub fn peak_mb(&self) -> f64 {
        self.child.as_ref().and_then(|child| processes::peak_mb(child.id())).unwrap_or(0.0)
    }

    fn pids(&self) -> Vec<u32> {
        self.child.iter().map(Child::id).chain(self.helpers.iter().copied()).collect()
    }
}
