//! `lianqiao verify EXPORT`: whether what an export says was said, without any server.

use std::{fs::File, io::BufReader, path::PathBuf};

use cases::{PublicKeys, verify_export};

use super::output::say;

/// What `verify` is told.
#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    /// The export, as `lianqiao export` or `!approval export` gave it.
    export: PathBuf,
    /// A key that may sign, like `ed25519:ent_1=BASE64`; may be given several times. Without any, the keys that the export
    /// names are taken: then it is shown that nothing was changed since, and not who wrote it.
    #[arg(long = "key")]
    keys: Vec<String>,
}

pub(super) fn run(arguments: &Arguments) -> Result<(), String> {
    let named: Option<Vec<(&str, &str)>> = arguments.keys.iter().map(|key| key.split_once('=')).collect();
    let trusted = named.and_then(PublicKeys::parse).ok_or("a key is `ed25519:NAME=BASE64`")?;
    let failed = |error: &dyn std::fmt::Display| format!("{}: {error}", arguments.export.display());
    let file = File::open(&arguments.export).map_err(|error| failed(&error))?;
    let report = verify_export(BufReader::new(file), &trusted).map_err(|error| failed(&error))?;
    say(&format!("OK: {} cases, {} records", report.cases, report.records));
    for (id, key) in &report.signers {
        let trust = if trusted.is_empty() { "named by the export itself" } else { "trusted" };
        say(&format!("signed by {id}={key} ({trust})"));
    }
    Ok(())
}
