//! `lianqiao config example|check`

use std::path::PathBuf;

use clap::Subcommand;
use config::Config;

use super::{environment, output::say};

/// What to do with a configuration.
#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Prints a file with every setting, its default and its meaning.
    Example,
    /// Checks a file together with the environment, and names what is wrong.
    Check {
        /// The file.
        file: PathBuf,
    },
}

pub(super) fn run(command: Command) -> Result<(), String> {
    match command {
        Command::Example => {
            say(config::example(&Config::default()).trim_end());
            Ok(())
        }
        Command::Check { file } => {
            let text = std::fs::read_to_string(&file)
                .map_err(|error| format!("{} cannot be read: {error}", file.display()))?;
            config::load(&text, &environment()).map_err(|error| format!("{}:\n{error}", file.display()))?;
            say(&format!("{} is good.", file.display()));
            Ok(())
        }
    }
}
