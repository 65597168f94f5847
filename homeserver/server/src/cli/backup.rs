//! `lianqiao backup DIRECTORY` and `lianqiao restore DIRECTORY`

use std::path::PathBuf;

use config::MediaStorage;

use super::{ConfigFile, output::say};
use crate::backup::{self, Plan};

/// What `backup` is told.
#[derive(Debug, clap::Args)]
pub(super) struct BackupArguments {
    #[command(flatten)]
    file: ConfigFile,
    /// Reads a backup again and says whether it is what it was; needs neither server nor configuration.
    #[arg(long)]
    verify: bool,
    /// Where the backup is made: a name that is not taken yet, outside of the data folder.
    directory: PathBuf,
}

/// What `restore` is told.
#[derive(Debug, clap::Args)]
pub(super) struct RestoreArguments {
    #[command(flatten)]
    file: ConfigFile,
    /// Does it. Without, it is only said what would be lost.
    #[arg(long)]
    yes: bool,
    /// The backup.
    directory: PathBuf,
}

pub(super) async fn run(arguments: BackupArguments) -> Result<(), String> {
    let at = arguments.directory.display();
    if arguments.verify {
        let manifest = backup::verify(&arguments.directory)?;
        say(&format!(
            "OK: {} files, {} bytes of {}",
            manifest.files.len(),
            manifest.bytes(),
            manifest.server_name
        ));
        return Ok(());
    }
    let config = arguments.file.read()?;
    let manifest = backup::make(&config, &arguments.file.config, &arguments.directory).await?;
    say(&format!("The backup {at} is whole: {} files, {} bytes.", manifest.files.len(), manifest.bytes()));
    for database in &manifest.databases {
        say(&format!("{}: everything up to position {}", database.name, database.position));
    }
    if config.media.storage == MediaStorage::S3 {
        let bucket = config.media.s3_bucket.as_deref().unwrap_or_default();
        say(&format!("Media lie in the bucket {bucket:?} and are not in it: its owner backs it up."));
    }
    Ok(())
}

pub(super) async fn restore(arguments: RestoreArguments) -> Result<(), String> {
    let config = arguments.file.read()?;
    let plan = Plan::of(&config, &arguments.directory).await?;
    plan.said().iter().for_each(|line| say(line));
    if !arguments.yes {
        return Err(
            "nothing was changed; run it with --yes to put the backup in the place of the data".to_owned()
        );
    }
    match backup::restore(&plan, &config, &arguments.file.config).await? {
        Some(former) => say(&format!("Restored. The former data folder is kept as {}.", former.display())),
        None => say("Restored."),
    }
    say(
        "At its next start the server forgets what was promised since the backup. Delete the former data when",
    );
    say("you are sure.");
    Ok(())
}
