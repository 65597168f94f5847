//! Whether a backup is what it was when it was made.

use std::path::Path;

use super::{
    failed, files,
    manifest::{self, Manifest},
};
use crate::limits::BACKUP_FAULTS_SAID_MAX;

/// Reads every file of a backup again. Gives its manifest when nothing changed.
///
/// # Errors
/// Which files are missing, changed, or were never in it.
pub(crate) fn verify(root: &Path) -> Result<Manifest, String> {
    let manifest = Manifest::read(root)?;
    let mut faults = Vec::new();
    for (name, expected) in &manifest.files {
        match files::sum(&root.join(name)) {
            Ok((bytes, sha256)) if bytes == expected.bytes && sha256 == expected.sha256 => {}
            Ok(_) => faults.push(format!("{name} is damaged: its sum is another")),
            Err(error) => faults.push(format!("{name} cannot be read: {error}")),
        }
    }
    for path in files::walk(root, &|_| true).map_err(failed("list", root))? {
        let is_known = path.to_str().is_some_and(|name| {
            [manifest::NAME, manifest::SUM_NAME].contains(&name) || manifest.files.contains_key(name)
        });
        if !is_known {
            faults.push(format!("{} was not in the backup when it was made", path.display()));
        }
    }
    if faults.is_empty() {
        return Ok(manifest);
    }
    let more = faults.len().saturating_sub(BACKUP_FAULTS_SAID_MAX);
    faults.truncate(BACKUP_FAULTS_SAID_MAX);
    let mut said = format!("the backup {} is not whole:\n  {}", root.display(), faults.join("\n  "));
    if more > 0 {
        said.push_str(&format!("\n  and {more} more"));
    }
    Err(said)
}
