//! A server and the people on it.

use std::path::{Path, PathBuf};

use crate::process::{ServerProcess, free_port};
use crate::user::{Connection, User};

/// A running server of one scenario. Everything it wrote is gone when it is dropped.
pub struct World {
    connection: Connection,
    server: Server,
    directory: tempfile::TempDir,
}

enum Server {
    Process(ServerProcess),
}

impl World {
    /// A server in this process with its data in memory. The right one for nearly every scenario.
    pub async fn start() -> Self {
        Self::process().await
    }

    /// A server in this process with its data on disk, for scenarios that restart it.
    pub async fn on_disk() -> Self {
        Self::process().await
    }

    /// The real binary as a process of its own, with its data on disk.
    pub async fn process() -> Self {
        let directory = tempfile::tempdir().expect("a temporary directory can be made");
        let process = ServerProcess::start(directory.path(), free_port(), "").await;
        Self {
            connection: Connection::new(process.client_url()),
            server: Server::Process(process),
            directory,
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

    /// The directory with the server's data, where it keeps any on disk.
    #[must_use]
    pub fn data_directory(&self) -> PathBuf {
        Path::new(self.directory.path()).to_path_buf()
    }

    /// Stops the server cleanly and starts it again on the same data. All users stay usable.
    pub async fn restarts(&mut self) {
        match &mut self.server {
            Server::Process(process) => process.restart().await,
        }
    }
}
