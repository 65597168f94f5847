//! Making a backup: beside its final name, which it gets when it is whole.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use base::Clock;
use config::{Config, MediaStorage};
use rustix::fs::{CWD, RenameFlags, renameat_with};

use super::{
    CONFIG_FOLDER, CONTENT_FOLDER, DATA_FOLDER, DATABASES_FOLDER, LOCK_NAME, MEDIA_FOLDER, blocking,
    data_folder,
    databases::{DATABASES, Silent, describe},
    failed, files, last,
    manifest::{BackedUp, Manifest},
    media_folder,
};
use crate::parts::SEARCH_FOLDER_NAME;

/// A file that is in every database of this program, and nowhere else.
const DATABASE_MARK: &str = "CURRENT";

/// A backup in the making.
struct Making<'a> {
    config: &'a Config,
    config_file: &'a Path,
    data: PathBuf,
    /// Where it is put together.
    unfinished: PathBuf,
}

/// Makes a backup at a place where nothing is yet. Nothing is left there when it fails.
///
/// # Errors
/// What went wrong, and with which file.
pub(crate) async fn make(config: &Config, config_file: &Path, target: &Path) -> Result<Manifest, String> {
    let data = data_folder(config)?;
    let target = std::path::absolute(target).map_err(failed("use", target))?;
    if target.symlink_metadata().is_ok() {
        return Err(format!(
            "{} exists already: choose another name, an older backup is never overwritten",
            target.display()
        ));
    }
    let parent = target.parent().ok_or_else(|| format!("{} is no name for a backup", target.display()))?;
    fs::create_dir_all(parent).map_err(failed("make", parent))?;
    let parent = parent.canonicalize().map_err(failed("use", parent))?;
    for inside in [&data, &media_folder(config, &data)] {
        if parent.starts_with(inside) {
            return Err(format!(
                "{} lies in {}, which is backed up: choose another place",
                target.display(),
                inside.display()
            ));
        }
    }
    if !data.is_dir() {
        return Err(format!("there is no data folder {}: nothing to back up", data.display()));
    }
    let _lock = files::lock(&data)?;
    // One name for each server, so that what a kill left behind goes with the next try.
    let unfinished = parent.join(format!(".{}.backup-unfinished", config.server.name.replace('/', "_")));
    files::remove(&unfinished).map_err(failed("remove", &unfinished))?;
    let making = Making { config, config_file, data: data.clone(), unfinished: unfinished.clone() };
    let made = making.make(&target, &parent).await;
    if made.is_err() {
        let leftovers = DATABASES.map(|database| database.checkpoint_path(&data));
        for leftover in leftovers.iter().chain([&unfinished]) {
            // The next try removes what cannot be removed now.
            let _ = files::remove(leftover);
        }
    }
    made
}

impl Making<'_> {
    async fn make(&self, target: &Path, parent: &Path) -> Result<Manifest, String> {
        files::make_folder(&self.unfinished).map_err(failed("make", &self.unfinished))?;
        let mut manifest = Manifest::new(&self.config.server.name, Clock::system().now_ms());
        for database in DATABASES {
            let Some(copy) = database.copy(&self.data).await? else { continue };
            let to = self.unfinished.join(DATABASES_FOLDER).join(database.name());
            let described = blocking(move || {
                files::carry_database(&copy, &to)?;
                files::remove(&copy).map_err(failed("remove", &copy))?;
                // Opened once, so that a backup is never the first to learn that it cannot be.
                describe(&to).map_err(Silent::said)
            })
            .await?;
            if described.server_name != self.config.server.name {
                return Err(format!(
                    "the database of {} belongs to {}, and the configuration says {}",
                    database.name(),
                    described.server_name,
                    self.config.server.name
                ));
            }
            manifest.databases.push(BackedUp {
                name: database.name().to_owned(),
                schema: described.schema,
                position: described.position.get(),
            });
        }
        if manifest.databases.is_empty() {
            return Err(format!("there is no database in {}: nothing to back up", self.data.display()));
        }
        match self.config.media.storage {
            MediaStorage::S3 => {
                manifest.bucket = Some(self.config.media.s3_bucket.clone().unwrap_or_default())
            }
            MediaStorage::Disk => self.carry_media().await?,
        }
        self.carry_data().await?;
        self.carry_config()?;
        let (root, target, parent) = (self.unfinished.clone(), target.to_owned(), parent.to_owned());
        let made = blocking(move || {
            manifest.seal(&root)?;
            files::sync_folders(&root).map_err(failed("sync", &root))?;
            name_it(&root, &target).map_err(failed("give its name to", &target))?;
            files::sync_folder(&parent).map_err(failed("sync", &parent))?;
            Ok(manifest)
        })
        .await?;
        if let Err(error) = last::note(&self.data, made.made_ms) {
            tracing::warn!(%error, "the backup is whole, and the metrics will not tell of it");
        }
        Ok(made)
    }

    /// Contents of media: each is there whole under the name of its digest, or not at all.
    async fn carry_media(&self) -> Result<(), String> {
        let from = media_folder(self.config, &self.data).join(CONTENT_FOLDER);
        let to = self.unfinished.join(MEDIA_FOLDER).join(CONTENT_FOLDER);
        if !from.exists() {
            return Ok(());
        }
        blocking(move || {
            let files = files::walk(&from, &|_| true).map_err(failed("list", &from))?;
            files::carry(&from, &to, &files, files::link)
        })
        .await
    }

    /// Keys, registrations, certificates, and whatever else lies in the data folder and cannot be made anew.
    async fn carry_data(&self) -> Result<(), String> {
        let (from, to) = (self.data.clone(), self.unfinished.join(DATA_FOLDER));
        let mut passed_over = vec![
            from.join(SEARCH_FOLDER_NAME),
            from.join(LOCK_NAME),
            from.join(last::NAME),
            media_folder(self.config, &from),
        ];
        for database in DATABASES {
            passed_over.extend([database.path(&from), database.checkpoint_path(&from)]);
        }
        blocking(move || {
            let files = files::walk(&from, &|path| !passed_over.contains(&from.join(path)));
            let files = files.map_err(failed("list", &from))?;
            if let Some(mark) = files.iter().find(|path| path.ends_with(DATABASE_MARK)) {
                return Err(format!(
                    "{} belongs to a database that this program does not know",
                    from.join(mark).display()
                ));
            }
            files::carry(&from, &to, &files, files::copy)
        })
        .await
    }

    /// The configuration, and registrations that it names.
    fn carry_config(&self) -> Result<(), String> {
        let to = self.unfinished.join(CONFIG_FOLDER);
        files::make_folder(&to).map_err(failed("make", &to))?;
        let registrations = self.config.appservices.registrations.iter().map(PathBuf::from);
        for (number, from) in std::iter::once(self.config_file.to_owned()).chain(registrations).enumerate() {
            let Some(name) = from.file_name() else { continue };
            let to = if number == 0 { to.join(name) } else { to.join(format!("{number}")).join(name) };
            if from.is_dir() {
                let files = files::walk(&from, &|_| true).map_err(failed("list", &from))?;
                files::carry(&from, &to, &files, files::copy)?;
            } else if from.exists() {
                let folder = to.parent().unwrap_or(&to);
                files::make_folder(folder).map_err(failed("make", folder))?;
                files::copy(&from, &to).map_err(failed("copy", &from))?;
            }
        }
        Ok(())
    }
}

/// Gives a whole backup its name, unless somebody took it meanwhile.
fn name_it(unfinished: &Path, target: &Path) -> io::Result<()> {
    match renameat_with(CWD, unfinished, CWD, target, RenameFlags::NOREPLACE) {
        // A file system that knows no such condition.
        Err(rustix::io::Errno::INVAL | rustix::io::Errno::NOSYS) if target.symlink_metadata().is_err() => {
            fs::rename(unfinished, target)
        }
        named => Ok(named?),
    }
}
