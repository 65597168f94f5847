//! To whom an order of the command line goes: a running server, or the store opened here.

use std::path::Path;

use config::Config;

use crate::{
    Options,
    administration::{self, Command, Reply},
    parts::{self, Parts},
};

/// Carries one order out.
///
/// # Errors
/// The store cannot be opened, or the server does not answer.
pub(super) async fn execute(config: &Config, command: Command) -> Result<Reply, String> {
    let session = Session::open(config).await?;
    let reply = session.execute(command).await;
    session.close().await;
    reply
}

/// The running server, or the store opened here because none runs.
pub(super) enum Session<'a> {
    Server(&'a Path),
    Here(&'a Path, Box<Parts>),
}

impl<'a> Session<'a> {
    pub async fn open(config: &'a Config) -> Result<Self, String> {
        let directory = Path::new(&config.server.data_directory);
        if administration::is_running(directory).await {
            return Ok(Self::Server(directory));
        }
        let parts = parts::build(config, Options::default()).await;
        parts.map(|parts| Self::Here(directory, Box::new(parts))).map_err(|error| error.to_string())
    }

    pub async fn execute(&self, command: Command) -> Result<Reply, String> {
        match self {
            Self::Server(directory) => administration::send(directory, &command)
                .await
                .unwrap_or_else(|| Err("the server stopped meanwhile".to_owned())),
            Self::Here(directory, parts) => Ok(administration::execute(&parts.app, directory, command).await),
        }
    }

    pub async fn close(self) {
        if let Self::Here(_, parts) = self {
            parts.store.close().await;
        }
    }
}
