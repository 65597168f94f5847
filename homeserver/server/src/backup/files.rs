//! Files: linked, copied, counted, made durable. Contents of media and tables of databases are never written to again, so a
//! link is as good as a copy; everything else is copied.

use std::{
    fs::{self, File, OpenOptions},
    io::{self, Read as _},
    os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _},
    path::{Path, PathBuf},
};

use sha2::{Digest as _, Sha256};

use crate::limits::{BACKUP_FOLDERS_DEEP_MAX, BACKUP_READ_BYTES};

/// Endings of the files of a database that are never written to again.
const TABLE_ENDINGS: [&str; 2] = ["sst", "blob"];

/// Whether a file of a database is never written to again.
pub(super) fn is_table(path: &Path) -> bool {
    path.extension().is_some_and(|ending| TABLE_ENDINGS.iter().any(|known| ending == *known))
}

/// Every regular file below a folder by its path in it, in order. `enters` says which files and folders count. Sockets
/// and the like are passed over.
pub(super) fn walk(root: &Path, enters: &dyn Fn(&Path) -> bool) -> io::Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    let mut folders = vec![PathBuf::new()];
    while let Some(folder) = folders.pop() {
        if folder.components().count() > BACKUP_FOLDERS_DEEP_MAX {
            return Err(io::Error::other(format!("{} is nested too deeply", folder.display())));
        }
        for entry in fs::read_dir(root.join(&folder))? {
            let path = folder.join(entry?.file_name());
            if !enters(&path) {
                continue;
            }
            match fs::metadata(root.join(&path)) {
                Ok(found) if found.is_dir() => folders.push(path),
                Ok(found) if found.is_file() => files.push(path),
                Ok(_) => {}
                // It went meanwhile.
                Err(error) if error.kind() == io::ErrorKind::NotFound => {}
                Err(error) => return Err(error),
            }
        }
    }
    files.sort();
    Ok(files)
}

/// Copies a file for the eyes of this user only; the copy is durable but for its name.
pub(super) fn copy(from: &Path, to: &Path) -> io::Result<()> {
    let mut source = File::open(from)?;
    let mut target = OpenOptions::new().write(true).create_new(true).mode(0o600).open(to)?;
    io::copy(&mut source, &mut target)?;
    target.sync_all()
}

/// Links a file that is never written to again, or copies it where that cannot be.
pub(super) fn link(from: &Path, to: &Path) -> io::Result<()> {
    match fs::hard_link(from, to) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => copy(from, to),
        linked => linked,
    }
}

/// Makes a folder, and those above it, for the eyes of this user only.
pub(super) fn make_folder(path: &Path) -> io::Result<()> {
    fs::DirBuilder::new().recursive(true).mode(0o700).create(path)
}

/// Carries these files of one folder to another one. What went away meanwhile is passed over.
pub(super) fn carry(
    from: &Path,
    to: &Path,
    files: &[PathBuf],
    one: impl Fn(&Path, &Path) -> io::Result<()>,
) -> Result<(), String> {
    make_folder(to).map_err(super::failed("make", to))?;
    for path in files {
        let (source, target) = (from.join(path), to.join(path));
        if let Some(folder) = target.parent() {
            make_folder(folder).map_err(super::failed("make", folder))?;
        }
        match one(&source, &target) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            carried => carried.map_err(|error| {
                format!("cannot copy {} to {}: {error}", source.display(), target.display())
            })?,
        }
    }
    Ok(())
}

/// Links tables, copies the rest of a database.
pub(super) fn carry_database(from: &Path, to: &Path) -> Result<(), String> {
    let files = walk(from, &|_| true).map_err(super::failed("list", from))?;
    carry(from, to, &files, |from, to| if is_table(from) { link(from, to) } else { copy(from, to) })
}

/// Size and SHA-256 of a file.
pub(super) fn sum(path: &Path) -> io::Result<(u64, String)> {
    let mut file = File::open(path)?;
    let mut hash = Sha256::new();
    let mut buffer = vec![0; BACKUP_READ_BYTES];
    let mut bytes = 0;
    loop {
        let read = file.read(&mut buffer)?;
        if read == 0 {
            break;
        }
        hash.update(&buffer[..read]);
        bytes += read as u64;
    }
    Ok((bytes, hexadecimal(&hash.finalize())))
}

/// The SHA-256 of a text.
pub(super) fn sum_of(text: &[u8]) -> String {
    hexadecimal(&Sha256::digest(text))
}

fn hexadecimal(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Writes a new file durably, but for its name.
pub(super) fn write(path: &Path, text: &[u8]) -> io::Result<()> {
    let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)?;
    io::Write::write_all(&mut file, text)?;
    file.sync_all()
}

/// Makes the names in a folder durable, and those in all folders below it.
pub(super) fn sync_folders(root: &Path) -> io::Result<()> {
    let mut folders = vec![root.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder)? {
            let entry = entry?;
            if entry.file_type()?.is_dir() {
                folders.push(entry.path());
            }
        }
        sync_folder(&folder)?;
    }
    Ok(())
}

/// Makes the names in a folder durable.
pub(super) fn sync_folder(folder: &Path) -> io::Result<()> {
    File::open(folder)?.sync_all()
}

/// Removes a folder if it is there.
pub(super) fn remove(folder: &Path) -> io::Result<()> {
    match fs::remove_dir_all(folder) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        removed => removed,
    }
}

/// The right to back up or restore a data folder, for as long as the file is held.
pub(super) fn lock(data: &Path) -> Result<File, String> {
    let path = data.join(super::LOCK_NAME);
    let file = OpenOptions::new().write(true).create(true).truncate(false).mode(0o600).open(&path);
    let file = file.map_err(super::failed("open", &path))?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(fs::TryLockError::WouldBlock) => {
            Err(format!("another backup or restore of {} is under way: wait for it", data.display()))
        }
        Err(fs::TryLockError::Error(error)) => Err(super::failed("lock", &path)(error)),
    }
}
