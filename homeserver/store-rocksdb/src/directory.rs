//! What a data directory holds before RocksDB is let in: nothing is ever created over something else.

use std::fs;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use thiserror::Error;

/// The file that says "a database of this program was created here".
const MARKER: &str = "LIANQIAO-DATABASE";

/// The file that names the manifest of RocksDB: where it is, a database is.
const CURRENT: &str = "CURRENT";

const MARKER_TEXT: &str = "This directory is a database of Lianqiao. Do not remove or edit single files: \
stop the server and use its backup and restore commands.\n";

/// Why a directory cannot be opened. Each message says what to do; nothing was changed.
#[derive(Debug, Error)]
pub enum DirectoryError {
    /// There are data files, and the file that names the current manifest is gone.
    #[error(
        "{0} holds data files but no readable manifest (CURRENT is missing): the database is damaged; restore a backup \
         into another directory. Nothing was changed"
    )]
    NoManifest(PathBuf),
    /// There are files that are no database.
    #[error(
        "{0} is not empty and not a database (found {1:?}): choose an empty directory. Nothing was changed"
    )]
    Foreign(PathBuf, String),
    /// Somebody else has it open.
    #[error("{0} is in use by another process: stop that one first, or choose another directory")]
    InUse(PathBuf),
    /// RocksDB refuses the files.
    #[error(
        "{path} cannot be opened ({reason}): the database is damaged; restore a backup. Nothing was changed"
    )]
    Damaged {
        /// The directory.
        path: PathBuf,
        /// What RocksDB says.
        reason: String,
    },
    /// The operating system refuses.
    #[error("{path} cannot be used: {reason}")]
    Unusable {
        /// The directory.
        path: PathBuf,
        /// What the operating system says.
        reason: io::Error,
    },
}

/// Makes the directory if it is missing, and refuses one that holds anything but a whole database.
pub(crate) fn prepare(path: &Path) -> Result<(), DirectoryError> {
    let unusable = |reason| DirectoryError::Unusable { path: path.to_owned(), reason };
    fs::create_dir_all(path).map_err(unusable)?;
    if path.join(CURRENT).exists() {
        return Ok(());
    }
    let mut has_data = false;
    for entry in fs::read_dir(path).map_err(unusable)? {
        let name = entry.map_err(unusable)?.file_name().to_string_lossy().into_owned();
        match kind(&name) {
            Kind::Data => has_data = true,
            Kind::Beginning => {}
            Kind::Foreign => return Err(DirectoryError::Foreign(path.to_owned(), name)),
        }
    }
    if has_data { Err(DirectoryError::NoManifest(path.to_owned())) } else { Ok(()) }
}

/// Whether a database was created here, and finished.
pub(crate) fn is_marked(path: &Path) -> bool {
    path.join(MARKER).exists()
}

/// Says durably that a database was created here.
pub(crate) fn mark(path: &Path) -> io::Result<()> {
    let mut file = fs::File::create(path.join(MARKER))?;
    file.write_all(MARKER_TEXT.as_bytes())?;
    file.sync_all()?;
    fs::File::open(path)?.sync_all()
}

enum Kind {
    /// Holds rows, or says that there were rows.
    Data,
    /// May be left by a creation that was stopped before it had rows, or belongs to the file system.
    Beginning,
    Foreign,
}

fn kind(name: &str) -> Kind {
    const BEGINNINGS: [&str; 5] = ["LOG", "LOCK", "IDENTITY", "OPTIONS-", "MANIFEST-"];
    match name {
        MARKER => Kind::Data,
        "lost+found" => Kind::Beginning,
        _ if [".sst", ".blob", ".log"].iter().any(|end| name.ends_with(end)) => Kind::Data,
        _ if name.ends_with(".dbtmp") || BEGINNINGS.iter().any(|begin| name.starts_with(begin)) => {
            Kind::Beginning
        }
        _ => Kind::Foreign,
    }
}
