//! What a backup says of itself: whose it is, of when, and the sum of every file in it.

use std::{
    collections::BTreeMap,
    fs,
    path::{Component, Path},
};

use serde::{Deserialize, Serialize};

use super::{failed, files};
use crate::limits::BACKUP_MANIFEST_BYTES_MAX;

/// Name of the manifest.
pub(super) const NAME: &str = "manifest.json";
/// Name of the file with its sum.
pub(super) const SUM_NAME: &str = "manifest.sha256";

/// The form that this program writes and reads.
const FORMAT: u32 = 1;

/// A manifest.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Manifest {
    format: u32,
    /// The version of the program that made the backup.
    pub program: String,
    /// Whose data it is.
    pub server_name: String,
    /// When it was begun, in ms since 1970.
    pub made_ms: u64,
    /// The databases in it.
    pub databases: Vec<BackedUp>,
    /// The bucket that holds the media, which is not in the backup.
    pub bucket: Option<String>,
    /// Every file but this one and its sum, by path.
    pub files: BTreeMap<String, FileSum>,
}

/// A database in a backup.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct BackedUp {
    /// Which one.
    pub name: String,
    /// Its layout.
    pub schema: u32,
    /// The last position in it.
    pub position: u64,
}

/// What a file must be.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct FileSum {
    pub bytes: u64,
    pub sha256: String,
}

impl Manifest {
    /// A manifest without files yet.
    pub fn new(server_name: &str, made_ms: u64) -> Self {
        Self {
            format: FORMAT,
            program: env!("CARGO_PKG_VERSION").to_owned(),
            server_name: server_name.to_owned(),
            made_ms,
            databases: Vec::new(),
            bucket: None,
            files: BTreeMap::new(),
        }
    }

    /// All files together, in bytes.
    pub fn bytes(&self) -> u64 {
        self.files.values().map(|file| file.bytes).sum()
    }

    /// Sums up every file of a backup and writes the manifest; both are durable but for their names.
    pub fn seal(&mut self, root: &Path) -> Result<(), String> {
        for path in files::walk(root, &|_| true).map_err(failed("list", root))? {
            let name = path.to_str().ok_or_else(|| format!("{} is no name in UTF-8", path.display()))?;
            let whole = root.join(&path);
            let (bytes, sha256) = files::sum(&whole).map_err(failed("read", &whole))?;
            // Files that the database wrote itself are on their way to the disk perhaps.
            fs::File::open(&whole).and_then(|file| file.sync_all()).map_err(failed("sync", &whole))?;
            self.files.insert(name.to_owned(), FileSum { bytes, sha256 });
        }
        let text = serde_json::to_vec_pretty(self).map_err(|error| error.to_string())?;
        let (manifest, sum) = (root.join(NAME), root.join(SUM_NAME));
        files::write(&sum, files::sum_of(&text).as_bytes()).map_err(failed("write", &sum))?;
        files::write(&manifest, &text).map_err(failed("write", &manifest))
    }

    /// Reads the manifest of a backup and checks it against its sum.
    pub fn read(root: &Path) -> Result<Self, String> {
        let path = root.join(NAME);
        let size = fs::metadata(&path).map_err(|error| {
            format!(
                "{} is no backup of this program, or was never finished: {}: {error}",
                root.display(),
                NAME
            )
        })?;
        if size.len() > BACKUP_MANIFEST_BYTES_MAX {
            return Err(format!("{} is too large to be a manifest", path.display()));
        }
        let text = fs::read(&path).map_err(failed("read", &path))?;
        let sum = root.join(SUM_NAME);
        let expected = fs::read_to_string(&sum).map_err(failed("read", &sum))?;
        if files::sum_of(&text) != expected.trim() {
            return Err(format!("{} is damaged: it has not the sum that {SUM_NAME} says", path.display()));
        }
        let manifest: Self = serde_json::from_slice(&text)
            .map_err(|error| format!("{} cannot be read: {error}", path.display()))?;
        if manifest.format != FORMAT {
            return Err(format!(
                "the backup is of form {}, and this program knows form {FORMAT}: take the program that made it ({})",
                manifest.format, manifest.program
            ));
        }
        let is_inside = |name: &String| {
            !name.is_empty() && Path::new(name).components().all(|part| matches!(part, Component::Normal(_)))
        };
        match manifest.files.keys().find(|name| !is_inside(name)) {
            Some(outside) => Err(format!("the manifest names a file outside of the backup: {outside:?}")),
            None => Ok(manifest),
        }
    }
}
