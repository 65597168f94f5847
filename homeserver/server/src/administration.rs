//! What `lianqiao user …` and `lianqiao appservice …` can do, offline or through the socket of a running server.
//!
//! The database belongs to one process. So a running server offers a Unix socket in its data folder,
//! readable by its own user only: one JSON request a line, one JSON reply a line. Without a server the
//! command line opens the store and executes the same [`Command`]s itself.

use std::path::Path;

use ::administration::Act;
use accounts::NewUser;
use base::Shutdown;
use delivery::appservices::Missed;
use lianqiao_http::App;
use ruma::{OwnedUserId, UserId};
use serde::{Deserialize, Serialize};
use tokio::task::JoinHandle;

use crate::{
    backup,
    limits::{ADMINISTRATION_LINE_BYTES_MAX, USERS_LISTED_MAX},
    order_socket,
};

/// Who acts in the audit stream when the command line does.
pub(crate) const OPERATOR: &str = "operator";

/// Name of the socket in the data folder.
pub(crate) const SOCKET_NAME: &str = "admin.sock";

/// One order of the operator. A user is named by localpart or by whole Matrix id.
#[derive(Debug, Serialize, Deserialize)]
#[serde(tag = "command", rename_all = "snake_case")]
pub(crate) enum Command {
    /// Makes an account; without password nobody can log in to it yet.
    CreateUser { user: String, password: Option<String>, admin: bool },
    /// Sets a password and logs all devices out.
    SetPassword { user: String, password: String },
    /// Closes an account for ever.
    Deactivate { user: String, erase: bool },
    /// Locks an account or opens it again.
    Lock { user: String, locked: bool },
    /// Suspends an account or ends that.
    Suspend { user: String, suspended: bool },
    /// Lists accounts in order, some at a time.
    ListUsers { after: Option<String> },
    /// Has the search index made anew.
    RebuildSearch,
    /// Keeps the registration of an application service, and puts it into use.
    AddAppservice { registration: String },
    /// Lists application services.
    ListAppservices,
    /// Asks an application service whether it is there.
    PingAppservice { id: String },
    /// Reads all registrations again.
    ReloadAppservices,
    /// Copies the database to where a backup takes it from.
    Checkpoint,
}

/// The answer to a [`Command`].
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Reply {
    /// Done; the user that it was done to.
    Done(OwnedUserId),
    /// Some accounts; ask again after the last one until the list is empty.
    Users(Vec<Listed>),
    /// Long work was begun.
    Begun,
    /// The application services in use, and what is not.
    Appservices { services: Vec<ListedService>, refused: Vec<RefusedService> },
    /// An application service answered in so many milliseconds.
    Pong(u64),
    /// The database was copied.
    Copied,
    /// Not done, and why.
    Refused(String),
}

/// An account in a list.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Listed {
    pub user: OwnedUserId,
    pub admin: bool,
    pub guest: bool,
    pub deactivated: bool,
    #[serde(default)]
    pub locked: bool,
    #[serde(default)]
    pub suspended: bool,
    pub created_ms: u64,
}

/// An application service in a list.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct ListedService {
    pub id: String,
    pub url: Option<String>,
    pub sender: String,
    pub rows: usize,
    /// What it will never hear of.
    #[serde(default)]
    pub missed: Option<Missed>,
    pub failures: u32,
    pub last_error: Option<String>,
}

/// A registration that is not in use.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct RefusedService {
    pub file: String,
    pub reason: String,
}

/// Executes an order of the server on this data folder.
pub(crate) async fn execute(app: &App, data: &Path, command: Command) -> Reply {
    let outcome = match command.act() {
        None => carry_out(app, data, command).await,
        Some((action, target)) => audited(app, data, (action, &target), command).await,
    };
    outcome.unwrap_or_else(Reply::Refused)
}

impl Command {
    /// What changes something, as the audit stream names it, and to whom it is done.
    fn act(&self) -> Option<(&'static str, String)> {
        let (action, user) = match self {
            Self::CreateUser { user, .. } => ("user create", user),
            Self::SetPassword { user, .. } => ("user password", user),
            Self::Deactivate { user, .. } => ("user deactivate", user),
            Self::Lock { user, locked: true } => ("user lock", user),
            Self::Lock { user, locked: false } => ("user unlock", user),
            Self::Suspend { user, suspended: true } => ("user suspend", user),
            Self::Suspend { user, suspended: false } => ("user unsuspend", user),
            Self::AddAppservice { .. } => return Some(("appservice add", String::new())),
            Self::ReloadAppservices => return Some(("appservice reload", String::new())),
            Self::Checkpoint => return Some(("backup", String::new())),
            Self::ListUsers { .. }
            | Self::RebuildSearch
            | Self::ListAppservices
            | Self::PingAppservice { .. } => return None,
        };
        Some((action, user.clone()))
    }
}

/// Carries an order out with its entry in the audit stream, which is durable before.
async fn audited(
    app: &App,
    data: &Path,
    (action, target): (&str, &str),
    command: Command,
) -> Result<Reply, String> {
    let act = Act { actor: OPERATOR, action, target };
    let mark = app.administration.begin_act(act).await.map_err(|error| error.to_string())?;
    let outcome = carry_out(app, data, command).await;
    app.administration.end_act(mark, outcome.as_ref().err().map(String::as_str)).await;
    outcome
}

async fn carry_out(app: &App, data: &Path, command: Command) -> Result<Reply, String> {
    match command {
        Command::CreateUser { user, password, admin } => create(app, &user, password, admin).await,
        Command::SetPassword { user, password } => set_password(app, &user, &password).await,
        Command::Deactivate { user, erase } => deactivate(app, &user, erase).await,
        Command::Lock { user, locked } => {
            let user = existing(app, &user).await?;
            app.flows.set_locked(&user, locked).await.map_err(|error| error.to_string())?;
            Ok(Reply::Done(user))
        }
        Command::Suspend { user, suspended } => {
            let user = existing(app, &user).await?;
            app.accounts.set_suspended(&user, suspended).await.map_err(|error| error.to_string())?;
            Ok(Reply::Done(user))
        }
        Command::ListUsers { after } => list(app, after.as_deref()).await,
        Command::RebuildSearch => {
            app.search.rebuild();
            Ok(Reply::Begun)
        }
        Command::AddAppservice { registration } => {
            app.services.register().add(&registration).await.map_err(|error| error.to_string())?;
            Ok(services(app))
        }
        Command::ListAppservices => Ok(services(app)),
        Command::PingAppservice { id } => {
            let took = app.services.ping(&id, None).await.map_err(|error| error.to_string())?;
            Ok(Reply::Pong(u64::try_from(took.as_millis()).unwrap_or(u64::MAX)))
        }
        Command::ReloadAppservices => {
            app.services.register().reload().await;
            app.services.retry_all();
            Ok(services(app))
        }
        Command::Checkpoint => {
            backup::take_checkpoint(&app.store, data).await?;
            Ok(Reply::Copied)
        }
    }
}

fn services(app: &App) -> Reply {
    let listed = app.services.statuses().into_iter().map(|status| ListedService {
        id: status.id,
        url: status.url,
        sender: status.sender,
        rows: status.rows,
        missed: status.missed,
        failures: status.health.failures,
        last_error: status.health.last_error,
    });
    let loaded = app.services.register().loaded();
    let refused = loaded.refused.iter().map(|refused| RefusedService {
        file: refused.file.display().to_string(),
        reason: refused.reason.clone(),
    });
    Reply::Appservices { services: listed.collect(), refused: refused.collect() }
}

async fn create(app: &App, user: &str, password: Option<String>, admin: bool) -> Result<Reply, String> {
    let localpart = parse(app, user)?.localpart().to_owned();
    let new = NewUser { localpart, password, admin, display_name: None };
    app.accounts.create_user(new).await.map(Reply::Done).map_err(|error| error.to_string())
}

async fn set_password(app: &App, user: &str, password: &str) -> Result<Reply, String> {
    let user = existing(app, user).await?;
    app.accounts.set_password(&user, password).await.map_err(|error| error.to_string())?;
    app.accounts.remove_other_devices(&user, None).await.map_err(|error| error.to_string())?;
    Ok(Reply::Done(user))
}

async fn deactivate(app: &App, user: &str, erase: bool) -> Result<Reply, String> {
    let user = existing(app, user).await?;
    app.flows.deactivate(&user, erase).await.map_err(|error| error.to_string())?;
    Ok(Reply::Done(user))
}

async fn list(app: &App, after: Option<&str>) -> Result<Reply, String> {
    let after = after.map(|user| parse(app, user)).transpose()?;
    let users = app.accounts.users(after.as_deref(), USERS_LISTED_MAX).await;
    let listed = users.map_err(|error| error.to_string())?.into_iter().map(|summary| Listed {
        user: summary.user,
        admin: summary.status.admin,
        guest: summary.status.guest,
        deactivated: summary.status.deactivated,
        locked: summary.status.locked,
        suspended: summary.status.suspended,
        created_ms: summary.created_ms,
    });
    Ok(Reply::Users(listed.collect()))
}

fn parse(app: &App, user: &str) -> Result<OwnedUserId, String> {
    let id = UserId::parse_with_server_name(user, &app.settings.server_name)
        .map_err(|error| format!("`{user}` is no user: {error}"))?;
    if app.accounts.is_local(&id) { Ok(id) } else { Err(format!("`{user}` belongs to another server")) }
}

async fn existing(app: &App, user: &str) -> Result<OwnedUserId, String> {
    let id = parse(app, user)?;
    match app.accounts.exists(app.accounts.reader(), &id).await {
        Ok(true) => Ok(id),
        Ok(false) => Err(format!("there is no user {id}; see `lianqiao user list`")),
        Err(error) => Err(error.to_string()),
    }
}

/// Offers the socket until the shutdown; none when the folder cannot hold one, which costs only the
/// command line.
pub(crate) fn serve(directory: &Path, app: App, shutdown: Shutdown) -> Option<JoinHandle<()>> {
    let (path, data) = (directory.join(SOCKET_NAME), directory.to_owned());
    order_socket::serve(path, ADMINISTRATION_LINE_BYTES_MAX, shutdown, move |order| {
        let (app, data) = (app.clone(), data.clone());
        async move {
            match order {
                Ok(command) => execute(&app, &data, command).await,
                Err(reason) => Reply::Refused(reason),
            }
        }
    })
}

/// Sends an order to the server that runs on this folder; none when no server answers.
pub(crate) async fn send(directory: &Path, command: &Command) -> Option<Result<Reply, String>> {
    order_socket::send(&directory.join(SOCKET_NAME), command).await
}

/// Whether a server answers on this folder.
pub(crate) async fn is_running(directory: &Path) -> bool {
    order_socket::is_offered(&directory.join(SOCKET_NAME)).await
}
