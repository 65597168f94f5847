//! What a restore would replace: the databases that are there now. None of them may be open elsewhere.

use std::{fs, path::Path, time::UNIX_EPOCH};

use model::StreamPos;

use super::{
    blocking,
    databases::{DATABASES, Database, Silent, describe},
    said_time,
};

/// A database that is there now.
pub(super) struct Present {
    pub database: Database,
    /// When it was written to last, in ms since 1970.
    written_ms: Option<u64>,
    /// Its last position, or why it cannot be read: then a restore is what it needs.
    pub position: Result<StreamPos, String>,
}

impl Present {
    /// Its state, for people.
    pub fn said(&self) -> String {
        let written = self.written_ms.map_or_else(|| "at an unknown time".to_owned(), said_time);
        match &self.position {
            Ok(position) => format!("now it is at position {}, written last at {written}.", position.get()),
            Err(reason) => format!("now it cannot be read ({reason}), written last at {written}."),
        }
    }
}

/// Refused while a server, bots or bridges answer on this data folder.
pub(super) async fn refuse_served(data: &Path) -> Result<(), String> {
    for database in DATABASES {
        if database.is_served(data).await {
            return Err(format!(
                "the {} runs on {}: stop it first. Nothing was changed",
                database.name(),
                data.display()
            ));
        }
    }
    Ok(())
}

/// Every database that is there. Refused when a process has one open.
pub(super) async fn present(data: &Path) -> Result<Vec<Present>, String> {
    let mut found = Vec::new();
    for database in DATABASES {
        let path = database.path(data);
        if !path.exists() {
            continue;
        }
        found.push(
            blocking(move || {
                let written_ms = written_ms(&path);
                let position = match describe(&path) {
                    Ok(described) => Ok(described.position),
                    Err(Silent::Unreadable(reason)) => Err(reason),
                    Err(Silent::InUse(reason)) => return Err(reason),
                };
                Ok(Present { database, written_ms, position })
            })
            .await?,
        );
    }
    Ok(found)
}

/// When a file of this folder was written to last. Before the database is opened, which writes.
fn written_ms(folder: &Path) -> Option<u64> {
    let entries = fs::read_dir(folder).ok()?.filter_map(Result::ok);
    let times = entries.filter_map(|entry| entry.metadata().ok()?.modified().ok());
    let since = times.filter_map(|time| time.duration_since(UNIX_EPOCH).ok()).max()?;
    u64::try_from(since.as_millis()).ok()
}
