//! `lianqiao keys list|rotate`

use std::path::Path;

use base::{Clock, Rng};
use clap::Subcommand;

use super::{OnConfig, output::say};
use crate::{administration, signing_key};

/// What `keys` does.
#[derive(Debug, Subcommand)]
pub(super) enum Action {
    /// Lists the keys that this server signs and signed with.
    List,
    /// Puts a new signing key in the place of the present one, which stays published for what it has signed.
    Rotate,
}

pub(super) async fn run(arguments: OnConfig<Action>) -> Result<(), String> {
    let config = arguments.file.read()?;
    let directory = Path::new(&config.server.data_directory);
    match arguments.action {
        Action::List => list(directory),
        Action::Rotate => rotate(directory).await,
    }
}

fn list(directory: &Path) -> Result<(), String> {
    let keys = signing_key::load(directory).map_err(|error| error.to_string())?;
    say(&format!("{}  {}  signs", keys.current_id(), keys.current_public()));
    for old in keys.old() {
        say(&format!("{}  {}  retired at {} ms since 1970", old.id, old.key, old.expired_ms));
    }
    Ok(())
}

/// With a server running, both keys would sign for a while, and others would not believe the old one.
async fn rotate(directory: &Path) -> Result<(), String> {
    if administration::is_running(directory).await {
        return Err("a server runs on this data folder: stop it, rotate, and start it again".to_owned());
    }
    let rotated = signing_key::rotate(directory, &Rng::system(), Clock::system().now_ms());
    let (old, new) = rotated.map_err(|error| error.to_string())?;
    say(&format!("{new} signs from the next start on; {old} is published as retired. Back the file up."));
    Ok(())
}
