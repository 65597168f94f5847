//! `lianqiao export FILE`: approvals, tasks and meetings with their records, as a file for `lianqiao verify`.

use std::{fs::OpenOptions, io::Write as _, os::unix::fs::OpenOptionsExt as _, path::PathBuf};

use super::{ConfigFile, output::say};
use crate::bots::organisation::{Answer, Order, ask};

/// What `export` is told.
#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    #[command(flatten)]
    file: ConfigFile,
    /// The file that is written. One that is there already stays as it is.
    export: PathBuf,
    /// The numbers of the cases, like AP-20261105-0012. Without any, all are exported, a thousand a file.
    numbers: Vec<String>,
    /// Goes on behind this number, where one file did not hold all.
    #[arg(long, conflicts_with = "numbers")]
    after: Option<String>,
}

pub(super) async fn run(arguments: Arguments) -> Result<(), String> {
    let config = arguments.file.read()?;
    let path = &arguments.export;
    let failed = |error: std::io::Error| format!("{} cannot be written: {error}", path.display());
    // What people wrote into forms is nobody else's on this machine.
    let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(path).map_err(failed)?;
    let order = Order::Export { numbers: arguments.numbers, after: arguments.after };
    let answer = ask(&config, order).await;
    let (text, cases, more_after) = match answer {
        Ok(Answer::Export { text, cases, more_after }) => (text, cases, more_after),
        other => {
            // An empty file would be taken for an export, and half of one as well.
            let _ = std::fs::remove_file(path);
            return Err(match other {
                Ok(Answer::Refused(reason)) | Err(reason) => reason,
                Ok(_) => "the bots answered something else".to_owned(),
            });
        }
    };
    file.write_all(text.as_bytes()).and_then(|()| file.sync_all()).map_err(|error| {
        let _ = std::fs::remove_file(path);
        failed(error)
    })?;
    say(&format!(
        "{cases} cases are in {}. Verify them anywhere: lianqiao verify {}",
        path.display(),
        path.display()
    ));
    if let Some(no) = more_after {
        say(&format!("There are more: lianqiao export --after {no} ANOTHER_FILE"));
    }
    Ok(())
}
