//! `lianqiao bots`: the bots as a process of their own.

use std::path::{Path, PathBuf};

use base::{Clock, Rng, Shutdown};
use config::Config;
use kit::Tokens;
use outbound::Outbound;
use serde::Deserialize;
use std::time::Duration;

use super::{Bound, FOLDER_NAME, Surroundings, Working, create};
use crate::{StartError, limits::BOTS_CONNECTIONS_MAX, listener::Terms, settings};

/// Name of the file with the registration, in the bots' folder.
const REGISTRATION_NAME: &str = "registration.yaml";

/// What the file says that the bots have to know.
#[derive(Deserialize)]
struct Kept {
    as_token: String,
    hs_token: String,
}

/// The registration of a process of its own, kept in its folder.
pub(crate) struct Registered {
    /// Where it is.
    pub file: PathBuf,
    /// Its secrets: those that are kept, or new ones.
    pub tokens: Tokens,
}

impl Registered {
    /// What is kept in this folder, which is made if it is not there.
    pub fn in_folder(folder: PathBuf, rng: &Rng) -> Result<Self, StartError> {
        create(&folder)?;
        let file = folder.join(REGISTRATION_NAME);
        Ok(Self { tokens: tokens(&file, rng)?, file })
    }

    /// Keeps it.
    pub fn write(&self, registration: &str) -> Result<(), StartError> {
        write(&self.file, registration)
    }
}

/// Starts the bots. The registration that the homeserver needs is written at the first start; returns where it is.
pub(crate) async fn run(config: &Config, shutdown: Shutdown) -> Result<(Working, PathBuf), StartError> {
    let rng = Rng::system();
    let folder = Path::new(&config.server.data_directory).join(FOLDER_NAME);
    let registered = Registered::in_folder(folder, &rng)?;
    let bound = Bound::at(config, &config.bots.listen, registered.tokens.clone()).await?;
    registered.write(bound.registration())?;
    let around = Surroundings {
        homeserver_url: config.bots.server_url.clone(),
        outbound: Outbound::new(settings::outbound_to_services(config)?)?,
        clock: Clock::system(),
        rng,
        terms: Terms {
            connections_max: BOTS_CONNECTIONS_MAX,
            header_timeout: Duration::from_secs(config.listeners.header_timeout_seconds),
            shutdown_timeout: Duration::from_secs(config.listeners.shutdown_timeout_seconds),
            shutdown: shutdown.clone(),
        },
        shutdown,
        neighbours: None,
    };
    Ok((bound.start(config, around).await?, registered.file))
}

/// The tokens of the registration that is there, or new ones.
fn tokens(file: &Path, rng: &Rng) -> Result<Tokens, StartError> {
    match std::fs::read_to_string(file) {
        Ok(text) => {
            let kept: Kept =
                serde_json::from_str(&text).map_err(|error| unusable(file, error.to_string()))?;
            Ok(Tokens { as_token: kept.as_token, hs_token: kept.hs_token })
        }
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(Tokens::generate(rng)),
        Err(error) => Err(unusable(file, error.to_string())),
    }
}

/// Writes beside and renames, so that a crash leaves no half file. Only the bots' own user may read it.
fn write(file: &Path, text: &str) -> Result<(), StartError> {
    use std::{io::Write as _, os::unix::fs::OpenOptionsExt as _};
    let written = || -> std::io::Result<()> {
        let unfinished = file.with_extension("unfinished");
        let mut options = std::fs::OpenOptions::new();
        let mut open = options.write(true).create(true).truncate(true).mode(0o600).open(&unfinished)?;
        open.write_all(text.as_bytes())?;
        open.sync_all()?;
        std::fs::rename(&unfinished, file)
    };
    written().map_err(|error| unusable(file, error.to_string()))
}

fn unusable(file: &Path, reason: String) -> StartError {
    StartError::Registration { path: file.to_owned(), reason }
}
