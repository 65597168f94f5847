//! `lianqiao config example|check`

use std::path::PathBuf;

use clap::Subcommand;
use config::Config;

use super::{environment, output::say};

/// Stands in the example, because a file without a name is not valid.
const EXAMPLE_SERVER_NAME: &str = "example.org";

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
            let mut config = Config::default();
            EXAMPLE_SERVER_NAME.clone_into(&mut config.server.name);
            say(config::example(&config).trim_end());
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
