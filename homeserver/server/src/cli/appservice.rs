//! `lianqiao appservice add|list|ping|reload`

use std::path::PathBuf;

use clap::Subcommand;
use delivery::appservices::Missed;

use super::{OnConfig, output::say, session::execute};
use crate::{
    administration::{Command, ListedService, RefusedService, Reply},
    backup::said_time,
};

/// What `appservice` does.
#[derive(Debug, Subcommand)]
pub(super) enum Action {
    /// Checks a registration, keeps it in the data folder, and puts it into use.
    Add {
        /// The registration, a YAML file.
        registration: PathBuf,
    },
    /// Lists the application services in use, and the registrations that are not.
    List,
    /// Asks an application service whether it is there, and has it tried again if it was down.
    Ping {
        /// The id in its registration.
        id: String,
    },
    /// Reads all registrations again.
    Reload,
}

pub(super) async fn run(arguments: OnConfig<Action>) -> Result<(), String> {
    let config = arguments.file.read()?;
    let (command, what) = match arguments.action {
        Action::Add { registration } => {
            let text = std::fs::read_to_string(&registration)
                .map_err(|error| format!("{} cannot be read: {error}", registration.display()))?;
            (Command::AddAppservice { registration: text }, "The registration is in use.")
        }
        Action::List => (Command::ListAppservices, ""),
        Action::Ping { id } => (Command::PingAppservice { id }, ""),
        Action::Reload => (Command::ReloadAppservices, "The registrations were read again."),
    };
    match execute(&config, command).await? {
        Reply::Appservices { services, refused } => {
            if !what.is_empty() {
                say(what);
            }
            services.iter().for_each(|service| say(&in_use(service)));
            refused.iter().for_each(|refused| say(&not_in_use(refused)));
            Ok(())
        }
        Reply::Pong(took_ms) => {
            say(&format!("It answered in {took_ms} ms."));
            Ok(())
        }
        Reply::Refused(reason) => Err(reason),
        Reply::Done(_) | Reply::Users(_) | Reply::Begun | Reply::Copied => {
            Err("the server answered something else".to_owned())
        }
    }
}

fn in_use(service: &ListedService) -> String {
    let url = service.url.as_deref().unwrap_or("hears nothing");
    let mut line = format!("{}  {}  {url}  {} waiting", service.id, service.sender, service.rows);
    if let Some(Missed { rows, from_ms, until_ms }) = &service.missed {
        let (from, until) = (said_time(*from_ms), said_time(*until_ms));
        line.push_str(&format!("  MISSED {rows} of the time from {from} to {until}: too much waited for it"));
    }
    if let Some(error) = &service.last_error {
        line.push_str(&format!("  failed {} times: {error}", service.failures));
    }
    line
}

fn not_in_use(refused: &RefusedService) -> String {
    format!("NOT IN USE  {}: {}", refused.file, refused.reason)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_list_says_what_waits_what_was_missed_and_what_failed() {
        let service = ListedService {
            id: "irc".to_owned(),
            url: Some("http://127.0.0.1:9000/".to_owned()),
            sender: "@ircbot:example.org".to_owned(),
            rows: 7,
            missed: Some(Missed { rows: 3, from_ms: 1_793_840_400_000, until_ms: 1_793_840_460_999 }),
            failures: 2,
            last_error: Some("connection refused".to_owned()),
        };
        assert_eq!(
            in_use(&service),
            "irc  @ircbot:example.org  http://127.0.0.1:9000/  7 waiting  MISSED 3 of the time from \
             2026-11-05T01:00:00Z to 2026-11-05T01:01:00Z: too much waited for it  failed 2 times: connection refused"
        );
    }
}
