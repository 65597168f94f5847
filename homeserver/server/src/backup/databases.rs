//! The databases of a server, and how each is copied while it may be open.

use std::path::{Path, PathBuf};

use base::Shutdown;
use serde::{Deserialize, Serialize};
use store::{Description, Engine as _, Store};
use store_rocksdb::{DirectoryError, RocksKv, RocksSettings};
use tokio::task::JoinHandle;

use super::{blocking, failed};
use crate::{
    administration::{self, Command, Reply},
    bots, bridges, engine,
    limits::{CHECKPOINT_LINE_BYTES_MAX, STARTING_LOOK_INTERVAL, STARTING_LOOKS_MAX},
    order_socket,
};

/// Name of a copy in the making, beside its database.
const CHECKPOINT_NAME: &str = "checkpoint.unfinished";

/// Name of the socket over which bots and bridges are asked for a copy, in their folder.
const SOCKET_NAME: &str = "backup.sock";

/// What can be asked over it.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Order {
    /// Copy the database to where a backup takes it from.
    Checkpoint,
}

/// The answer.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Answer {
    /// It was copied.
    Copied,
    /// Not done, and why.
    Refused(String),
}

/// A database.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Database {
    /// Of the homeserver.
    Homeserver,
    /// Of the bots, which may live in a process of their own.
    Bots,
    /// Of the bridges, which may as well.
    Bridges,
}

/// Every database, in the order in which they are copied. The homeserver's is the first: what it tells the
/// others twice they know; told before and forgotten by them, it would be lost.
pub(super) const DATABASES: [Database; 3] = [Database::Homeserver, Database::Bots, Database::Bridges];

impl Database {
    /// Its name in a backup.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Homeserver => "homeserver",
            Self::Bots => "bots",
            Self::Bridges => "bridges",
        }
    }

    /// The folder that it shares with its socket and marker.
    pub fn home(self, data: &Path) -> PathBuf {
        match self {
            Self::Homeserver => data.to_owned(),
            Self::Bots => data.join(bots::FOLDER_NAME),
            Self::Bridges => data.join(bridges::FOLDER_NAME),
        }
    }

    /// Its own folder.
    pub fn path(self, data: &Path) -> PathBuf {
        self.home(data).join(engine::FOLDER_NAME)
    }

    /// Where its copy is made.
    pub fn checkpoint_path(self, data: &Path) -> PathBuf {
        self.home(data).join(CHECKPOINT_NAME)
    }

    /// The newest layout that this program knows.
    pub fn schema_newest(self) -> Result<u32, String> {
        let migrations = match self {
            Self::Homeserver => rooms::migrations(),
            Self::Bots | Self::Bridges => Vec::new(),
        };
        store::newest_schema(&migrations).map_err(|error| error.to_string())
    }

    /// Whether a process answers that has it open.
    pub async fn is_served(self, data: &Path) -> bool {
        match self {
            Self::Homeserver => administration::is_running(data).await,
            Self::Bots | Self::Bridges => order_socket::is_offered(&self.home(data).join(SOCKET_NAME)).await,
        }
    }

    /// Has a copy made by whoever has the database open, or makes it; answers where. None when there is no database. A
    /// process that is just starting has its database and does not answer yet, so this looks again for a while.
    pub async fn copy(self, data: &Path) -> Result<Option<PathBuf>, String> {
        let mut looks = 0;
        loop {
            if self.is_copied_by_its_process(data).await? {
                break;
            }
            let path = self.path(data);
            if !path.exists() {
                return Ok(None);
            }
            match copy_alone(path, self.checkpoint_path(data)).await {
                Ok(()) => break,
                Err(Silent::InUse(_)) if looks < STARTING_LOOKS_MAX => looks += 1,
                Err(silent) => return Err(silent.said()),
            }
            tokio::time::sleep(STARTING_LOOK_INTERVAL).await;
        }
        Ok(Some(self.checkpoint_path(data)))
    }

    /// Asks the process that has the database open for a copy. False when nobody answers.
    async fn is_copied_by_its_process(self, data: &Path) -> Result<bool, String> {
        match self {
            Self::Homeserver => match administration::send(data, &Command::Checkpoint).await {
                None => Ok(false),
                Some(answer) => match answer? {
                    Reply::Copied => Ok(true),
                    Reply::Refused(reason) => Err(reason),
                    Reply::Done(_)
                    | Reply::Users(_)
                    | Reply::Begun
                    | Reply::Appservices { .. }
                    | Reply::Pong(_) => Err("the server answered something else".to_owned()),
                },
            },
            Self::Bots | Self::Bridges => {
                match order_socket::send(&self.home(data).join(SOCKET_NAME), &Order::Checkpoint).await {
                    None => Ok(false),
                    Some(answer) => match answer? {
                        Answer::Copied => Ok(true),
                        Answer::Refused(reason) => Err(reason),
                    },
                }
            }
        }
    }
}

/// Copies a database that nobody else has open.
async fn copy_alone(path: PathBuf, to: PathBuf) -> Result<(), Silent> {
    let copied = blocking(move || {
        let database = match open(&path) {
            Ok(database) => database,
            Err(silent) => return Ok(Err(silent)),
        };
        let copied = write_checkpoint(&to, |to| database.checkpoint(to).map_err(|error| error.to_string()));
        database.ended();
        Ok(copied.map_err(Silent::Unreadable))
    });
    copied.await.map_err(Silent::Unreadable)?
}

/// Why a database says nothing of itself.
pub(super) enum Silent {
    /// Another process has it open.
    InUse(String),
    /// It is damaged, or was never written to.
    Unreadable(String),
}

impl Silent {
    /// The reason for people.
    pub fn said(self) -> String {
        match self {
            Self::InUse(reason) | Self::Unreadable(reason) => reason,
        }
    }
}

/// Opens a database that nobody else has open.
fn open(path: &Path) -> Result<RocksKv, Silent> {
    RocksKv::open(&RocksSettings::new(path)).map_err(|error| match error {
        DirectoryError::InUse(_) => Silent::InUse(error.to_string()),
        DirectoryError::NoManifest(_)
        | DirectoryError::Foreign(..)
        | DirectoryError::Damaged { .. }
        | DirectoryError::Unusable { .. } => Silent::Unreadable(error.to_string()),
    })
}

/// What a database says of itself. Nothing is made where there is none.
pub(super) fn describe(path: &Path) -> Result<Description, Silent> {
    let database = open(path)?;
    let described = store::describe(&database).map_err(|error| Silent::Unreadable(error.to_string()));
    database.ended();
    described?.ok_or_else(|| Silent::Unreadable(format!("{} was never written to", path.display())))
}

/// Copies the database of a process that runs to where the command line looks for it: for the answers to its orders.
pub(crate) async fn take_checkpoint(store: &Store, home: &Path) -> Result<(), String> {
    let (store, to) = (store.clone(), home.join(CHECKPOINT_NAME));
    let position = store.frontier();
    blocking(move || write_checkpoint(&to, |to| store.checkpoint(to).map_err(|error| error.to_string())))
        .await?;
    tracing::info!(position = position.get(), "copied the database for a backup");
    Ok(())
}

/// Lets backups have copies of the database in this folder until the shutdown.
pub(crate) fn offer(home: &Path, store: Store, shutdown: Shutdown) -> Option<JoinHandle<()>> {
    let folder = home.to_owned();
    order_socket::serve(home.join(SOCKET_NAME), CHECKPOINT_LINE_BYTES_MAX, shutdown, move |order| {
        let (store, home) = (store.clone(), folder.clone());
        async move {
            match order {
                Ok(Order::Checkpoint) => match take_checkpoint(&store, &home).await {
                    Ok(()) => Answer::Copied,
                    Err(reason) => Answer::Refused(reason),
                },
                Err(reason) => Answer::Refused(reason),
            }
        }
    })
}

/// What an earlier copy left behind goes first.
fn write_checkpoint(to: &Path, copy: impl FnOnce(&Path) -> Result<(), String>) -> Result<(), String> {
    super::files::remove(to).map_err(failed("remove", to))?;
    copy(to).inspect_err(|_| drop(super::files::remove(to)))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Time stands still while the database is tried, so the holder lets go after the first try was refused.
    #[tokio::test(start_paused = true)]
    async fn a_process_that_is_just_starting_is_waited_for() {
        let data = tempfile::tempdir().unwrap();
        let path = Database::Bots.path(data.path());
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        let holder = RocksKv::open(&RocksSettings::new(&path)).unwrap();
        let lets_go = async {
            tokio::time::sleep(STARTING_LOOK_INTERVAL / 2).await;
            drop(holder);
        };
        let (copied, ()) = tokio::join!(Database::Bots.copy(data.path()), lets_go);
        assert_eq!(copied, Ok(Some(Database::Bots.checkpoint_path(data.path()))));
        assert!(Database::Bots.checkpoint_path(data.path()).join("CURRENT").is_file());
        assert_eq!(Database::Bridges.copy(data.path()).await, Ok(None));
    }
}
