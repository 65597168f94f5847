//! The marker that a restore leaves beside a database, and that the next opening of it consumes.
//!
//! It has an id, which the database keeps: a marker that is still there after it was applied, because the process
//! stopped in between, is not applied again.

use std::{fs, io::ErrorKind, path::Path};

use model::StreamPos;
use serde::{Deserialize, Serialize};
use store::Restore;

use super::files;
use crate::StartError;

/// Name of the file.
const NAME: &str = "restored.json";

#[derive(Serialize, Deserialize)]
struct Marker {
    id: String,
    position_before: u64,
}

/// Leaves a marker in the folder of a database that was restored.
pub(super) fn leave(home: &Path, restore: &Restore) -> std::io::Result<()> {
    let marker = Marker { id: restore.id.clone(), position_before: restore.position_before.get() };
    files::write(&home.join(NAME), &serde_json::to_vec(&marker)?)
}

/// Reads the marker in this folder, if there is one. One that cannot be read stops the start: without it, positions and
/// keys would be given out a second time.
pub(crate) fn read(home: &Path) -> Result<Option<Restore>, StartError> {
    let path = home.join(NAME);
    let unusable = |reason: String| StartError::Restore { path: path.clone(), reason };
    let text = match fs::read(&path) {
        Ok(text) => text,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(unusable(error.to_string())),
    };
    let marker: Marker = serde_json::from_slice(&text).map_err(|error| unusable(error.to_string()))?;
    Ok(Some(Restore { id: marker.id, position_before: StreamPos::new(marker.position_before) }))
}

/// Removes the marker: what it says is done. A crash may bring it back, and then the database knows its id.
pub(crate) fn consume(home: &Path) -> Result<(), StartError> {
    let path = home.join(NAME);
    match fs::remove_file(&path) {
        Ok(()) => {}
        Err(error) if error.kind() == ErrorKind::NotFound => {}
        Err(error) => return Err(StartError::Restore { path, reason: error.to_string() }),
    }
    Ok(())
}
