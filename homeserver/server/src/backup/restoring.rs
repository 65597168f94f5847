//! Putting a backup in the place of the data folder: a whole one is made beside it, and the two are swapped.

use std::{
    fs, io,
    os::unix::fs::PermissionsExt as _,
    path::{Path, PathBuf},
};

use base::{Clock, Rng};
use config::Config;
use model::StreamPos;
use rustix::fs::{CWD, RenameFlags, renameat_with};
use store::Restore;

use super::{
    CONTENT_FOLDER, DATA_FOLDER, DATABASES_FOLDER, MEDIA_FOLDER, blocking, data_folder,
    databases::{DATABASES, Database},
    failed, files,
    manifest::Manifest,
    marker, media_folder,
    present::{Present, present, refuse_served},
    said_time,
    verifying::verify,
};

/// What a restore would do, looked at and not begun.
pub(crate) struct Plan {
    backup: PathBuf,
    data: PathBuf,
    manifest: Manifest,
    present: Vec<Present>,
}

impl Plan {
    /// Looks at backup and data folder and changes nothing.
    ///
    /// # Errors
    /// A server runs; the backup is damaged, another server's, or of a newer program.
    pub async fn of(config: &Config, backup: &Path) -> Result<Self, String> {
        let data = data_folder(config)?;
        refuse_served(&data).await?;
        let backup = backup.canonicalize().map_err(failed("find", backup))?;
        let root = backup.clone();
        let manifest = blocking(move || verify(&root)).await?;
        if manifest.server_name != config.server.name {
            return Err(format!(
                "this is a backup of {}, and the configuration says {}: nothing was changed",
                manifest.server_name, config.server.name
            ));
        }
        for held in &manifest.databases {
            let Some(database) = DATABASES.into_iter().find(|database| database.name() == held.name) else {
                return Err(format!(
                    "the backup holds a database {:?} that this program does not know",
                    held.name
                ));
            };
            let known = database.schema_newest()?;
            if held.schema > known {
                return Err(format!(
                    "the database of {} has schema {}, and this program knows schemas up to {known}: take the \
                     program that made the backup ({}) or a newer one",
                    held.name, held.schema, manifest.program
                ));
            }
        }
        let present = present(&data).await?;
        Ok(Self { backup, data, manifest, present })
    }

    /// What will be there, and what will be lost, line by line.
    pub fn said(&self) -> Vec<String> {
        let made = said_time(self.manifest.made_ms);
        let mut lines =
            vec![format!("The backup of {} is whole. It was made at {made}.", self.manifest.server_name)];
        for held in &self.manifest.databases {
            let now = self.present.iter().find(|present| present.database.name() == held.name);
            lines.push(match now {
                None => format!("{}: up to position {}; there is none now.", held.name, held.position),
                Some(present) => {
                    format!("{}: up to position {}; {}", held.name, held.position, present.said())
                }
            });
        }
        for present in &self.present {
            let name = present.database.name();
            if self.manifest.databases.iter().all(|held| held.name != name) {
                lines.push(format!("{name}: not in the backup; it will begin anew. {}", present.said()));
            }
        }
        lines.push(format!("Everything that happened after {made} will be lost: messages, rooms, accounts,"));
        lines.push(
            "changes of passwords and logouts too. Who logged in since has to log in again.".to_owned(),
        );
        if let Some(bucket) = &self.manifest.bucket {
            lines.push(format!("Media lie in the bucket {bucket:?}, which is restored by its owner."));
        }
        lines
    }

    /// The last position that this database gave out, as far as it can be read.
    fn position_before(&self, database: Database) -> StreamPos {
        let present = self.present.iter().find(|present| present.database == database);
        present.and_then(|present| present.position.as_ref().ok().copied()).unwrap_or(StreamPos::new(0))
    }
}

/// Carries a plan out. Answers where the former data folder is now; none when there was none.
///
/// # Errors
/// What went wrong; the data folder is as it was then.
pub(crate) async fn restore(
    plan: &Plan,
    config: &Config,
    config_file: &Path,
) -> Result<Option<PathBuf>, String> {
    let data = &plan.data;
    let parent = data.parent().ok_or_else(|| format!("{} cannot be swapped", data.display()))?;
    let _lock = if data.is_dir() { Some(files::lock(data)?) } else { None };
    let name = data.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    let aside = parent.join(format!(".{name}.restoring"));
    let filled = fill(plan, config, config_file, &aside).await;
    let swapped = match filled {
        Ok(()) => {
            // The copy may have taken long.
            refuse_served(data).await?;
            present(data).await?;
            let former = parent.join(format!("{name}.before-restore-{}", Clock::system().now_ms() / 1_000));
            swap(&aside, data, &former).map_err(failed("swap", data))
        }
        Err(reason) => Err(reason),
    };
    if swapped.is_err() {
        // The next try removes what cannot be removed now.
        let _ = files::remove(&aside);
    }
    let former = swapped?;
    files::sync_folder(parent).map_err(failed("sync", parent))?;
    Ok(former)
}

/// Puts a whole data folder together.
async fn fill(plan: &Plan, config: &Config, config_file: &Path, aside: &Path) -> Result<(), String> {
    files::remove(aside).map_err(failed("remove", aside))?;
    files::make_folder(aside).map_err(failed("make", aside))?;
    let (backup, to, from) = (plan.backup.clone(), aside.to_owned(), plan.backup.join(DATA_FOLDER));
    let held: Vec<Database> = DATABASES
        .into_iter()
        .filter(|database| plan.manifest.databases.iter().any(|held| held.name == database.name()))
        .collect();
    let media = media_folder(config, &plan.data);
    // Media elsewhere are added to what is there: contents never change, so nothing can be wrong with what stays.
    let media = media.strip_prefix(&plan.data).map_or(media.clone(), |inside| aside.join(inside));
    let databases = held.clone();
    blocking(move || {
        let data_files = files::walk(&from, &|_| true).map_err(failed("list", &from))?;
        files::carry(&from, &to, &data_files, files::copy)?;
        for database in databases {
            files::carry_database(&backup.join(DATABASES_FOLDER).join(database.name()), &database.path(&to))?;
        }
        let contents = backup.join(MEDIA_FOLDER).join(CONTENT_FOLDER);
        if contents.exists() {
            let media_files = files::walk(&contents, &|_| true).map_err(failed("list", &contents))?;
            files::carry(&contents, &media.join(CONTENT_FOLDER), &media_files, |from, to| {
                if to.exists() { Ok(()) } else { files::link(from, to) }
            })?;
        }
        Ok(())
    })
    .await?;
    for database in held {
        let id = Rng::system().string(16);
        let restore = Restore { id, position_before: plan.position_before(database) };
        let home = database.home(aside);
        marker::leave(&home, &restore).map_err(failed("write the marker of", &home))?;
    }
    keep_config(&plan.data, config_file, aside)?;
    let permissions = fs::metadata(&plan.data)
        .map_or_else(|_| fs::Permissions::from_mode(0o700), |found| found.permissions());
    fs::set_permissions(aside, permissions).map_err(failed("set the permissions of", aside))?;
    let aside = aside.to_owned();
    blocking(move || files::sync_folders(&aside).map_err(failed("sync", &aside))).await
}

/// A configuration in the data folder is the operator's word of today, not of the day of the backup.
fn keep_config(data: &Path, config_file: &Path, aside: &Path) -> Result<(), String> {
    let Ok(config_file) = config_file.canonicalize() else { return Ok(()) };
    let Ok(inside) = config_file.strip_prefix(data) else { return Ok(()) };
    let to = aside.join(inside);
    match fs::remove_file(&to) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(failed("replace", &to)(error)),
        Ok(()) | Err(_) => {}
    }
    if let Some(folder) = to.parent() {
        files::make_folder(folder).map_err(failed("make", folder))?;
    }
    files::copy(&config_file, &to).map_err(failed("copy", &config_file))
}

/// Swaps in one step where the file system can, so that there is never no data folder.
fn swap(aside: &Path, data: &Path, former: &Path) -> io::Result<Option<PathBuf>> {
    if data.symlink_metadata().is_err() {
        return fs::rename(aside, data).map(|()| None);
    }
    match renameat_with(CWD, aside, CWD, data, RenameFlags::EXCHANGE) {
        // What was there lies now where the restored data were put together, and that is removed after a failure.
        Ok(()) => match fs::rename(aside, former) {
            Ok(()) => {}
            Err(error) => match renameat_with(CWD, aside, CWD, data, RenameFlags::EXCHANGE) {
                Ok(()) => return Err(error),
                // Neither forth nor back: the restore stands, and the operator is told where the former data are.
                Err(_) => return Ok(Some(aside.to_owned())),
            },
        },
        Err(rustix::io::Errno::INVAL | rustix::io::Errno::NOSYS) => {
            fs::rename(data, former)?;
            fs::rename(aside, data).inspect_err(|_| drop(fs::rename(former, data)))?;
        }
        Err(error) => return Err(error.into()),
    }
    Ok(Some(former.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_swap_that_fails_leaves_the_data_where_they_were() {
        let folder = tempfile::tempdir().unwrap();
        let [aside, data, former] = ["aside", "data", "former"].map(|name| folder.path().join(name));
        for (place, word) in [(&aside, "restored"), (&data, "present"), (&former, "of an earlier restore")] {
            fs::create_dir(place).unwrap();
            fs::write(place.join("word"), word).unwrap();
        }
        let word = |place: &Path| fs::read_to_string(place.join("word")).unwrap();
        assert!(swap(&aside, &data, &former).is_err(), "the name is taken");
        assert_eq!(
            [word(&aside), word(&data), word(&former)],
            ["restored", "present", "of an earlier restore"]
        );
        fs::remove_dir_all(&former).unwrap();
        assert_eq!(swap(&aside, &data, &former).unwrap(), Some(former.clone()));
        assert_eq!([word(&data), word(&former)], ["restored", "present"]);
        assert!(!aside.exists());
    }
}
