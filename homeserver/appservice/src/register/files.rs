//! The files of registrations: found, named, written.

use std::{
    io,
    path::{Path, PathBuf},
};

use super::Refused;
use crate::limits::FILES_PER_FOLDER_MAX;

/// The files of a place, in the order of their names.
pub(super) async fn files(place: &Path, is_expected: bool, refused: &mut Vec<Refused>) -> Vec<PathBuf> {
    let mut refuse = |reason: String| refused.push(Refused { file: place.to_owned(), reason });
    match tokio::fs::metadata(place).await {
        Ok(found) if found.is_dir() => {}
        Ok(_) => return vec![place.to_owned()],
        Err(error) if is_expected => {
            refuse(format!("it cannot be read: {error}"));
            return Vec::new();
        }
        Err(_) => return Vec::new(),
    }
    let mut found = Vec::new();
    match tokio::fs::read_dir(place).await {
        Ok(mut entries) => {
            while let Ok(Some(entry)) = entries.next_entry().await {
                let path = entry.path();
                let is_yaml = path.extension().is_some_and(|end| end == "yaml" || end == "yml");
                if is_yaml && found.len() < FILES_PER_FOLDER_MAX {
                    found.push(path);
                }
            }
        }
        Err(error) => refuse(format!("it cannot be read: {error}")),
    }
    found.sort();
    found
}

/// A file name that no id can lead out of the folder.
pub(super) fn file_name(id: &str) -> String {
    let safe = id.bytes().map(|byte| match byte {
        b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'_' => char::from(byte).to_string(),
        other => format!("%{other:02x}"),
    });
    let name: String = safe.collect();
    // File systems end at 255 bytes.
    format!("{}.yaml", name.chars().take(240).collect::<String>())
}

pub(super) async fn exists(file: &Path) -> bool {
    tokio::fs::metadata(file).await.is_ok()
}

/// Writes beside and renames, so that a crash leaves no half file. Only the server's own user may read it.
pub(super) async fn write(folder: &Path, file: &Path, text: &str) -> io::Result<()> {
    use tokio::io::AsyncWriteExt as _;
    tokio::fs::create_dir_all(folder).await?;
    let unfinished = file.with_extension("unfinished");
    let mut options = tokio::fs::OpenOptions::new();
    options.write(true).create(true).truncate(true);
    #[cfg(unix)]
    options.mode(0o600);
    let mut open = options.open(&unfinished).await?;
    open.write_all(text.as_bytes()).await?;
    open.sync_all().await?;
    tokio::fs::rename(&unfinished, file).await
}
