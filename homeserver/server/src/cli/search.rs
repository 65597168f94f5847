//! `lianqiao search rebuild`

use std::path::Path;

use clap::Subcommand;
use config::Config;

use super::{OnConfig, output::say};
use crate::{
    Options,
    administration::{self, Command, Reply},
    parts,
};

/// What `search` does.
#[derive(Debug, Subcommand)]
pub(super) enum Action {
    /// Makes the search index anew from the rooms. A running server does so beside its work, and finds
    /// little until it is done.
    Rebuild,
}

pub(super) async fn run(arguments: OnConfig<Action>) -> Result<(), String> {
    let config = arguments.file.read()?;
    match arguments.action {
        Action::Rebuild => rebuild(&config).await,
    }
}

async fn rebuild(config: &Config) -> Result<(), String> {
    let directory = Path::new(&config.server.data_directory);
    if administration::is_running(directory).await {
        let answer = administration::send(directory, &Command::RebuildSearch).await;
        return match answer.unwrap_or_else(|| Err("the server stopped meanwhile".to_owned()))? {
            Reply::Begun => {
                say("The server makes its search index anew; its log tells when it is done.");
                Ok(())
            }
            Reply::Refused(reason) => Err(reason),
            Reply::Done(_) | Reply::Users(_) | Reply::Appservices { .. } | Reply::Pong(_) | Reply::Copied => {
                Err("the server answered something else".to_owned())
            }
        };
    }
    let parts = parts::build(config, Options::default()).await.map_err(|error| error.to_string())?;
    let keeping = tokio::spawn(parts.app.search.clone().keep_index(parts.shutdown.clone()));
    let texts = parts.app.search.rebuild_and_wait().await;
    parts.shutdown.trigger();
    keeping.await.map_err(|error| error.to_string())?;
    parts.store.close().await;
    say(&format!("The search index holds {texts} texts."));
    Ok(())
}
