//! `lianqiao user create|password|deactivate|lock|unlock|suspend|unsuspend|list`

use std::io::BufRead as _;

use base::Rng;
use clap::Subcommand;
use config::Config;

use super::{
    OnConfig,
    output::say,
    session::{Session, execute},
};
use crate::administration::{Command, Listed, Reply};

/// Letters and digits of a password that the server chooses: about 119 bits.
const CHOSEN_PASSWORD_LENGTH: usize = 20;

/// What `user` does.
#[derive(Debug, Subcommand)]
pub(super) enum Action {
    /// Makes an account.
    Create {
        /// User name (alice) or whole id (@alice:example.org).
        user: String,
        /// Makes the user an administrator.
        #[arg(long)]
        admin: bool,
        #[command(flatten)]
        password: PasswordSource,
    },
    /// Sets a password and logs the user out everywhere.
    Password {
        /// User name or whole id.
        user: String,
        #[command(flatten)]
        password: PasswordSource,
    },
    /// Closes an account for ever: it leaves its rooms and can never log in again.
    Deactivate {
        /// User name or whole id.
        user: String,
        /// Also deletes profile and account data.
        #[arg(long)]
        erase: bool,
    },
    /// Locks an account: its sessions and passwords open nothing until it is unlocked.
    Lock {
        /// User name or whole id.
        user: String,
    },
    /// Opens a locked account again; its sessions go on.
    Unlock {
        /// User name or whole id.
        user: String,
    },
    /// Suspends an account: it may read and leave, and do nothing that others would see.
    Suspend {
        /// User name or whole id.
        user: String,
    },
    /// Ends a suspension.
    Unsuspend {
        /// User name or whole id.
        user: String,
    },
    /// Lists all accounts.
    List,
}

/// Where a password comes from. Without any of these the server chooses one and prints it.
#[derive(Debug, clap::Args)]
pub(super) struct PasswordSource {
    /// The password; other users of this machine may see it in the list of processes.
    #[arg(long, env = "LIANQIAO_PASSWORD", hide_env_values = true)]
    password: Option<String>,
    /// Reads the password from the first line of standard input.
    #[arg(long, conflicts_with = "password")]
    password_stdin: bool,
}

pub(super) async fn run(arguments: OnConfig<Action>) -> Result<(), String> {
    let config = arguments.file.read()?;
    match arguments.action {
        Action::Create { user, admin, password } => {
            let (password, chosen) = password.take()?;
            let order = Command::CreateUser { user, password: Some(password.clone()), admin };
            done(&execute(&config, order).await?, "was created", chosen.then_some(&password))
        }
        Action::Password { user, password } => {
            let (password, chosen) = password.take()?;
            let order = Command::SetPassword { user, password: password.clone() };
            done(&execute(&config, order).await?, "has a new password", chosen.then_some(&password))
        }
        Action::Deactivate { user, erase } => {
            done(&execute(&config, Command::Deactivate { user, erase }).await?, "was deactivated", None)
        }
        Action::Lock { user } => change(&config, Command::Lock { user, locked: true }, "is locked").await,
        Action::Unlock { user } => {
            change(&config, Command::Lock { user, locked: false }, "is no longer locked").await
        }
        Action::Suspend { user } => {
            change(&config, Command::Suspend { user, suspended: true }, "is suspended").await
        }
        Action::Unsuspend { user } => {
            change(&config, Command::Suspend { user, suspended: false }, "is no longer suspended").await
        }
        Action::List => list(&config).await,
    }
}

impl PasswordSource {
    /// The password, and whether it was chosen here and must be shown.
    fn take(self) -> Result<(String, bool), String> {
        if self.password_stdin {
            let mut line = String::new();
            std::io::stdin().lock().read_line(&mut line).map_err(|error| error.to_string())?;
            return Ok((line.trim_end_matches(['\r', '\n']).to_owned(), false));
        }
        Ok(match self.password {
            Some(password) => (password, false),
            None => (Rng::system().string(CHOSEN_PASSWORD_LENGTH), true),
        })
    }
}

async fn change(config: &Config, command: Command, what: &str) -> Result<(), String> {
    done(&execute(config, command).await?, what, None)
}

fn done(reply: &Reply, what: &str, password: Option<&String>) -> Result<(), String> {
    match reply {
        Reply::Done(user) => {
            say(&format!("{user} {what}."));
            if let Some(password) = password {
                say(&format!("Password: {password}"));
            }
            Ok(())
        }
        Reply::Refused(reason) => Err(reason.clone()),
        Reply::Users(_) | Reply::Begun | Reply::Appservices { .. } | Reply::Pong(_) | Reply::Copied => {
            Err("the server answered something else".to_owned())
        }
    }
}

async fn list(config: &Config) -> Result<(), String> {
    let mut after: Option<String> = None;
    let session = Session::open(config).await?;
    loop {
        match session.execute(Command::ListUsers { after: after.clone() }).await? {
            Reply::Users(users) => {
                users.iter().for_each(|user| say(&line(user)));
                match users.last() {
                    Some(last) => after = Some(last.user.to_string()),
                    None => break,
                }
            }
            Reply::Refused(reason) => return Err(reason),
            Reply::Done(_) | Reply::Begun | Reply::Appservices { .. } | Reply::Pong(_) | Reply::Copied => {
                return Err("the server answered something else".to_owned());
            }
        }
    }
    session.close().await;
    Ok(())
}

fn line(listed: &Listed) -> String {
    let mut words = vec![listed.user.to_string()];
    for (word, holds) in [
        ("administrator", listed.admin),
        ("guest", listed.guest),
        ("deactivated", listed.deactivated),
        ("locked", listed.locked),
        ("suspended", listed.suspended),
    ] {
        if holds {
            words.push(word.to_owned());
        }
    }
    words.join("  ")
}
