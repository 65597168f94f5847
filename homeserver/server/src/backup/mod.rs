//! Backups: a copy of everything that this server cannot make anew, and the way back.
//!
//! `lianqiao backup` takes a copy of each database of [`databases`] in the order of that list (whoever has it open makes
//! the copy, so the server goes on meanwhile), then the media, then keys, registrations and configuration. Contents of
//! media are never written to again, so copying them after the database leaves no reference without its content. What is
//! whole gets its name last, by a rename.
//!
//! `lianqiao restore` puts a whole data folder together beside the present one and swaps the two. It changes no row: a
//! [`marker`] beside each database tells the next start that positions and promises of after the backup are void.

mod databases;
mod files;
mod last;
mod making;
mod manifest;
pub(crate) mod marker;
mod present;
mod restoring;
mod verifying;

pub(crate) use self::{
    databases::{offer, take_checkpoint},
    last::{describe_metrics, record as record_last},
    making::make,
    restoring::{Plan, restore},
    verifying::verify,
};

use std::path::{Path, PathBuf};

use config::{Config, DatabaseEngine};

/// Name of the file that keeps two backups or restores of one data folder apart.
const LOCK_NAME: &str = "backup.lock";

/// In a backup: the databases by name.
const DATABASES_FOLDER: &str = "databases";
/// In a backup: the contents of media.
const MEDIA_FOLDER: &str = "media";
/// In a backup: everything else of the data folder.
const DATA_FOLDER: &str = "data";
/// In a backup: the configuration, and registrations that lie elsewhere.
const CONFIG_FOLDER: &str = "config";
/// In the folder of media: what is whole.
const CONTENT_FOLDER: &str = "content";

/// The data folder, without links or dots in its path.
fn data_folder(config: &Config) -> Result<PathBuf, String> {
    if config.database.engine == DatabaseEngine::Memory {
        return Err(
            "database.engine is \"memory\": such a server keeps nothing that could be backed up".to_owned()
        );
    }
    let named = Path::new(&config.server.data_directory);
    match named.canonicalize() {
        Ok(folder) => Ok(folder),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            std::path::absolute(named).map_err(|error| format!("{}: {error}", named.display()))
        }
        Err(error) => Err(format!("{} cannot be used: {error}", named.display())),
    }
}

/// Where media are.
fn media_folder(config: &Config, data: &Path) -> PathBuf {
    match &config.media.directory {
        Some(folder) => PathBuf::from(folder).canonicalize().unwrap_or_else(|_| PathBuf::from(folder)),
        None => data.join(crate::settings::MEDIA_FOLDER_NAME),
    }
}

/// Adds what was done to a message of the system.
fn failed(doing: &str, path: &Path) -> impl Fn(std::io::Error) -> String {
    let text = format!("cannot {doing} {}", path.display());
    move |error| format!("{text}: {error}")
}

/// Does work with files where it holds up nobody.
async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, String> + Send + 'static,
) -> Result<T, String> {
    tokio::task::spawn_blocking(work).await.map_err(|error| error.to_string())?
}

/// A time for people, in UTC.
pub(crate) fn said_time(ms: u64) -> String {
    let second = i64::try_from(ms / 1_000).ok().and_then(|second| jiff::Timestamp::from_second(second).ok());
    second.map_or_else(|| format!("{ms} ms since 1970"), |time| time.to_string())
}
