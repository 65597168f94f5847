//! The real binary as a process on loopback, with its data on disk.

use std::{
    fs,
    path::PathBuf,
    process::Stdio,
    sync::atomic::{AtomicU32, Ordering},
};

use tokio::{
    net::TcpStream,
    process::{Child, Command},
};

use crate::{eventually, ports::free_port};

/// A server of its own for one test; gone with its data when dropped.
pub struct Server {
    folder: PathBuf,
    port: u16,
    process: Child,
}

impl Server {
    /// Starts a server that lets everybody register.
    pub async fn start() -> Self {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let folder =
            std::env::temp_dir().join(format!("lianqiao-matrix-sdk-{}-{number}", std::process::id()));
        fs::create_dir_all(&folder).expect("a folder for the server");
        let (port, private) = (free_port(), free_port());
        let data = folder.join("data").display().to_string();
        let config = format!(
            "[server]\nname = \"matrix-sdk.example\"\ndata_directory = \"{data}\"\n\
             [listeners]\nclient = [\"127.0.0.1:{port}\"]\nfederation = []\nprivate = [\"127.0.0.1:{private}\"]\n\
             [registration]\nopen = true\n[passwords]\nmemory_kibibytes = 8\npasses = 1\n\
             [rate_limits]\nenabled = false\n"
        );
        fs::write(folder.join("lianqiao.toml"), config).expect("a config for the server");
        let process = spawn(&folder);
        let mut server = Self { folder, port, process };
        server.waits_until_it_answers().await;
        server
    }

    /// Where clients find it.
    pub fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    /// Imports a staff list, as the operator does.
    pub async fn imports_staff(&self, list: &str) {
        let file = self.folder.join("staff.csv");
        fs::write(&file, list).expect("a staff list");
        let said = self.organises(&["import", &file.display().to_string()]).await;
        let id = said.trim().rsplit(' ').next().expect("the id of the import").to_owned();
        self.organises(&["apply", &id]).await;
    }

    /// Runs `lianqiao org`; what it says.
    async fn organises(&self, arguments: &[&str]) -> String {
        self.runs("org", arguments).await
    }

    /// Makes a backup of everything, as the operator does, beside the running server.
    pub async fn is_backed_up(&self) {
        self.runs("backup", &[&self.folder.join("backup").display().to_string()]).await;
    }

    /// Stops the server, puts the backup in the place of the data, and starts it again.
    pub async fn is_restored(&mut self) {
        let id = self.process.id().expect("the server runs").to_string();
        let told = Command::new("kill").args(["-TERM", &id]).status().await.expect("a signal can be sent");
        assert!(told.success(), "the server runs");
        self.process.wait().await.expect("the server stops");
        self.runs("restore", &["--yes", &self.folder.join("backup").display().to_string()]).await;
        self.process = spawn(&self.folder);
        self.waits_until_it_answers().await;
    }

    /// Runs a command of the binary; what it says.
    async fn runs(&self, name: &str, arguments: &[&str]) -> String {
        let mut command = Command::new(binary());
        command.arg(name).arg("--config").arg(self.folder.join("lianqiao.toml")).args(arguments);
        let output = command.output().await.expect("the binary runs");
        let said = String::from_utf8_lossy(&output.stdout).into_owned();
        assert!(output.status.success(), "{said}{}", String::from_utf8_lossy(&output.stderr));
        said
    }

    /// Kills the process where it stands and starts it again on the same data.
    pub async fn is_killed_and_comes_back(&mut self) {
        self.process.kill().await.expect("the server can be killed");
        self.process = spawn(&self.folder);
        self.waits_until_it_answers().await;
    }

    async fn waits_until_it_answers(&mut self) {
        let port = self.port;
        let log = self.folder.join("server.log");
        let process = &mut self.process;
        eventually("the server accepts connections", async || {
            let ended = process.try_wait().expect("the process can be asked");
            assert!(ended.is_none(), "{}", fs::read_to_string(&log).unwrap_or_default());
            TcpStream::connect(("127.0.0.1", port)).await.ok()
        })
        .await;
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.process.start_kill();
        if !std::thread::panicking() {
            let _ = fs::remove_dir_all(&self.folder);
        }
    }
}

fn binary() -> std::ffi::OsString {
    std::env::var_os("LIANQIAO_BIN").expect("LIANQIAO_BIN names the server's binary")
}

fn spawn(folder: &std::path::Path) -> Child {
    let log =
        fs::OpenOptions::new().create(true).append(true).open(folder.join("server.log")).expect("a log");
    let errors = log.try_clone().expect("a second handle on the log");
    Command::new(binary())
        .arg("serve")
        .arg("--config")
        .arg(folder.join("lianqiao.toml"))
        .stdin(Stdio::null())
        .stdout(log)
        .stderr(errors)
        .kill_on_drop(true)
        .spawn()
        .expect("the server can be started")
}
