//! `lianqiao bridge login`

use std::{
    io::Read as _,
    path::{Path, PathBuf},
};

use bridge_api::{CheckOutcome, Network, Words};
use config::Config;

use super::output::say;
use crate::{
    bridges::{
        is_enabled,
        login::{Credentials, needed, put, tried},
    },
    limits::SECRET_BYTES_MAX,
};

/// Says which settings there are, what the platform says to them, and what is left to do.
pub(super) async fn run(
    mut config: Config,
    network: Network,
    id: Option<String>,
    secret_file: Option<PathBuf>,
) -> Result<(), String> {
    let secret = secret_file.map(|file| secret(&file)).transpose()?;
    put(&mut config, network, Credentials { id, secret });
    let section = network.key();
    let mut is_whole = true;
    for setting in needed(&config, network) {
        if setting.is_set {
            say(&format!("[ok] {section}.{}", setting.key));
        } else {
            is_whole = false;
            say(&format!("[--] {section}.{} is missing: {}", setting.key, setting.place));
        }
    }
    let variable = section.to_uppercase();
    let belongs = format!(
        "they belong into section [{section}] of the configuration, or into LIANQIAO__{variable}__… of the environment"
    );
    if !is_whole {
        return Err(format!("settings are missing; {belongs}"));
    }
    let steps = tried(&config, network).await.map_err(|error| error.to_string())?;
    steps.iter().for_each(|step| say(&step.said(both)));
    if steps.iter().any(|step| matches!(step.outcome, CheckOutcome::Fails { .. })) {
        return Err("not everything works; see above".to_owned());
    }
    if !is_enabled(&config, network) {
        say(&format!("The credentials work; {belongs}, with `enabled = true`. Then restart the bridges."));
    } else {
        say(&format!("The credentials work; {belongs}. `lianqiao bridge status` says how the line is."));
    }
    Ok(())
}

/// A secret, which neither the list of processes nor the history of a shell is to see.
fn secret(file: &Path) -> Result<String, String> {
    let told = |error: std::io::Error| format!("{} cannot be read: {error}", file.display());
    let mut text = String::new();
    if file.as_os_str() == "-" {
        std::io::stdin().lock().take(SECRET_BYTES_MAX).read_to_string(&mut text).map_err(told)?;
    } else {
        let opened = std::fs::File::open(file).map_err(told)?;
        opened.take(SECRET_BYTES_MAX).read_to_string(&mut text).map_err(told)?;
    }
    match text.trim() {
        "" => Err(format!("{} is empty", file.display())),
        secret => Ok(secret.to_owned()),
    }
}

fn both(words: Words) -> String {
    format!("{} / {}", words.zh, words.en)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_is_read_without_the_end_of_its_line() {
        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join("secret");
        std::fs::write(&file, "a-secret\n").expect("written");
        assert_eq!(secret(&file).as_deref(), Ok("a-secret"));
        std::fs::write(&file, "\n").expect("written");
        assert!(secret(&file).is_err());
    }
}
