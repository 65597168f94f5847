//! `lianqiao keys list|rotate`, and the same for the records of the bots: `lianqiao keys records list|rotate`

use std::path::Path;

use base::{Clock, Rng};
use clap::Subcommand;
use config::Config;

use super::{OnConfig, output::say};
use crate::{
    administration,
    backup::said_time,
    bots::organisation::{Answer, Order, ask},
    signing_key,
};

/// What `keys` does.
#[derive(Debug, Subcommand)]
pub(super) enum Action {
    /// Lists the keys that this server signs and signed with.
    List,
    /// Puts a new signing key in the place of the present one, which stays published for what it has signed.
    Rotate,
    /// The keys by which the bots sign the records of approvals, tasks and meetings.
    #[command(subcommand)]
    Records(RecordsAction),
}

/// What `keys records` does.
#[derive(Clone, Copy, Debug, Subcommand)]
pub(super) enum RecordsAction {
    /// Lists the key that signs records and those that did before, whether the bots run or not.
    List,
    /// Puts a new key in the place of the present one, which goes on verifying what it has signed. No bots may run.
    Rotate,
}

pub(super) async fn run(arguments: OnConfig<Action>) -> Result<(), String> {
    let config = arguments.file.read()?;
    let directory = Path::new(&config.server.data_directory);
    match arguments.action {
        Action::List => list(directory),
        Action::Rotate => rotate(directory).await,
        Action::Records(action) => records(&config, action).await,
    }
}

async fn records(config: &Config, action: RecordsAction) -> Result<(), String> {
    let order = match action {
        RecordsAction::List => Order::RecordKeys,
        RecordsAction::Rotate => Order::RotateRecordKey,
    };
    match ask(config, order).await? {
        Answer::RecordKeys(keys) => keys.iter().for_each(|key| say(key)),
        Answer::Refused(reason) => return Err(reason),
        _ => return Err("the bots answered something else".to_owned()),
    }
    if matches!(action, RecordsAction::Rotate) {
        say(
            "The first key signs from the next start on. Back the bots' database up: the old private key is gone.",
        );
    }
    Ok(())
}

fn list(directory: &Path) -> Result<(), String> {
    let keys = signing_key::load(directory).map_err(|error| error.to_string())?;
    say(&format!("{}  {}  signs", keys.current_id(), keys.current_public()));
    for old in keys.old() {
        say(&format!("{}  {}  retired at {}", old.id, old.key, said_time(old.expired_ms)));
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
