//! The command line.

mod appservice;
mod backup;
mod bots;
mod bridges;
mod config_command;
mod export;
mod federation;
mod keys;
mod login;
mod organisation;
mod output;
mod search;
mod serve;
mod session;
mod user;
mod verify;

pub(crate) use output::say;
use std::{path::PathBuf, process::ExitCode};

use clap::{Parser, Subcommand};
use config::Config;

use crate::{doctor, limits::WORKER_STACK_BYTES};

/// Lianqiao (连桥), an enterprise Matrix homeserver.
#[derive(Debug, Parser)]
#[command(name = "lianqiao", version, about)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Runs the homeserver. Without a configuration file it writes one first.
    Serve(serve::Arguments),
    /// Runs the bots alone, for a homeserver whose configuration says `bots.enabled = false`, here or elsewhere.
    Bots(ConfigFile),
    /// Runs the bridges alone, for a homeserver whose configuration says `bridges.enabled = false`, here or elsewhere.
    Bridges(ConfigFile),
    /// Lists, binds and unbinds conversations of other platforms, and says how the bridges are; they have to run.
    Bridge(OnConfig<bridges::Action>),
    /// Prints or checks configuration files.
    #[command(subcommand)]
    Config(config_command::Command),
    /// Checks configuration, ports, disk, clock, names and certificates, and says what to do.
    Doctor(ConfigFile),
    /// Looks at what works between this server and another one.
    Federation(OnConfig<federation::Action>),
    /// Lists and replaces the keys that this server signs with.
    Keys(OnConfig<keys::Action>),
    /// Works on the search index, whether the server runs or not.
    Search(OnConfig<search::Action>),
    /// Adds, lists and asks application services (bridges and bots), whether the server runs or not.
    Appservice(OnConfig<appservice::Action>),
    /// Imports staff lists for the bots, whether they run or not.
    Org(OnConfig<organisation::Action>),
    /// Exports approvals, tasks and meetings with their records, whether the bots run or not.
    Export(export::Arguments),
    /// Verifies an export of approvals, tasks and meetings, without any server.
    Verify(verify::Arguments),
    /// Backs everything up into a new folder, whether the server runs or not, or reads a backup again.
    Backup(backup::BackupArguments),
    /// Puts a backup in the place of the data folder, while no server runs. The former one is kept.
    Restore(backup::RestoreArguments),
    /// Makes, changes, closes and lists accounts, whether the server runs or not.
    User(OnConfig<user::Action>),
}

/// Which configuration file a command works with.
#[derive(Clone, Debug, clap::Args)]
struct ConfigFile {
    /// The configuration file.
    #[arg(long, env = "LIANQIAO_CONFIG", default_value = "data/lianqiao.toml")]
    config: PathBuf,
}

/// What a command does with a configuration file.
#[derive(Debug, clap::Args)]
struct OnConfig<Action: Subcommand> {
    #[command(flatten)]
    file: ConfigFile,
    #[command(subcommand)]
    action: Action,
}

impl ConfigFile {
    /// Reads file and environment.
    fn read(&self) -> Result<Config, String> {
        let text = std::fs::read_to_string(&self.config)
            .map_err(|error| format!("{} cannot be read: {error}", self.config.display()))?;
        config::load(&text, &environment()).map_err(|error| format!("{}:\n{error}", self.config.display()))
    }
}

/// Runs the command that the process was started with.
pub fn main() -> ExitCode {
    let cli = Cli::parse();
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .thread_stack_size(WORKER_STACK_BYTES)
        .build();
    let runtime = match runtime {
        Ok(runtime) => runtime,
        Err(error) => return output::failed(&format!("the runtime does not start: {error}")),
    };
    let outcome = runtime.block_on(async {
        match cli.command {
            Command::Serve(arguments) => Box::pin(serve::run(arguments)).await,
            Command::Bots(file) => Box::pin(bots::run(file)).await,
            Command::Bridges(file) => Box::pin(bridges::run_all(file)).await,
            Command::Bridge(arguments) => Box::pin(bridges::run(arguments)).await,
            Command::Config(command) => config_command::run(command),
            Command::Doctor(file) => Box::pin(doctor::run(&file.config, file.read())).await,
            Command::Federation(arguments) => Box::pin(federation::run(arguments)).await,
            Command::Keys(arguments) => Box::pin(keys::run(arguments)).await,
            Command::Search(arguments) => Box::pin(search::run(arguments)).await,
            Command::Appservice(arguments) => Box::pin(appservice::run(arguments)).await,
            Command::Org(arguments) => Box::pin(organisation::run(arguments)).await,
            Command::Export(arguments) => Box::pin(export::run(arguments)).await,
            Command::Verify(arguments) => verify::run(&arguments),
            Command::Backup(arguments) => Box::pin(backup::run(arguments)).await,
            Command::Restore(arguments) => Box::pin(backup::restore(arguments)).await,
            Command::User(arguments) => Box::pin(user::run(arguments)).await,
        }
    });
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(reason) => output::failed(&reason),
    }
}

fn environment() -> Vec<(String, String)> {
    // A variable that is no Unicode is none of ours, or one whose value could not be used anyway.
    std::env::vars_os()
        .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)))
        .collect()
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    /// Also looks into every subcommand, which the parser itself does only when one is used.
    #[test]
    fn the_command_line_is_well_formed() {
        super::Cli::command().debug_assert();
    }
}
