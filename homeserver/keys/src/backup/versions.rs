//! Versions of a backup: making, describing, deleting.

use ruma::UserId;
use serde_json::value::RawValue;
use store::{Batch, Reader, Scan, StoreError};

use crate::{
    Keys, KeysError,
    limits::{BACKUP_DESCRIPTION_BYTES_MAX, BACKUP_NAME_BYTES_MAX, BACKUP_VERSIONS_MAX, WRITE_TRIES_MAX},
    signed::Signed,
    tables::{BACKUP, BACKUP_DROPPED, BACKUP_LATEST, BackupRow},
};

/// One version of a user's backup.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Backup {
    /// Its number.
    pub version: u64,
    /// How the sessions are encrypted.
    pub algorithm: String,
    /// What the algorithm needs to know: JSON as it was uploaded.
    pub auth_data: String,
    /// Sessions in it.
    pub count: u64,
    /// Changes whenever the sessions do.
    pub etag: u64,
}

impl Backup {
    fn new(version: u64, row: BackupRow) -> Self {
        let BackupRow { algorithm, auth_data, count, etag } = row;
        Self { version, algorithm, auth_data, count, etag }
    }
}

const NO_BACKUP: KeysError = KeysError::NotFound("no such backup version");

impl Keys {
    /// Begins a new, empty version, which becomes the current one. Answers its number.
    ///
    /// # Errors
    /// [`KeysError::BadJson`], [`KeysError::TooLarge`] for the description or when there are
    /// [`BACKUP_VERSIONS_MAX`] versions already.
    pub async fn create_backup(
        &self,
        user: &UserId,
        algorithm: &str,
        auth_data: &RawValue,
    ) -> Result<u64, KeysError> {
        check_description(algorithm, auth_data)?;
        let key = user.to_owned();
        for _ in 0..WRITE_TRIES_MAX {
            let versions = self.0.store.count(&BACKUP, Scan::prefix(&key)).await?;
            if versions >= BACKUP_VERSIONS_MAX {
                let (what, max) = ("backup versions", BACKUP_VERSIONS_MAX);
                return Err(KeysError::TooLarge { what, size: versions + 1, max });
            }
            let latest = self.0.store.get(&BACKUP_LATEST, &key).await?;
            let version = latest.unwrap_or_default() + 1;
            let row = BackupRow {
                algorithm: algorithm.to_owned(),
                auth_data: auth_data.get().to_owned(),
                count: 0,
                etag: 0,
            };
            let mut batch = Batch::new();
            batch.expect_read(&BACKUP_LATEST, &key, latest.as_ref());
            batch.put(&BACKUP_LATEST, &key, &version);
            batch.put(&BACKUP, &(key.clone(), version), &row);
            if self.0.store.try_commit(batch).await?.is_some() {
                return Ok(version);
            }
        }
        Err(StoreError::Busy.into())
    }

    /// The current version: the newest that was not deleted.
    ///
    /// # Errors
    /// [`KeysError::NotFound`] when the user has no backup.
    pub async fn current_backup(&self, reader: &Reader, user: &UserId) -> Result<Backup, KeysError> {
        let scan = Scan::prefix(&user.to_owned()).reverse();
        let ((_, version), row) = reader.first(&BACKUP, scan).await?.ok_or(NO_BACKUP)?;
        Ok(Backup::new(version, row))
    }

    /// One version by its number as clients write it.
    ///
    /// # Errors
    /// [`KeysError::NotFound`] also for a text that is no number.
    pub async fn backup(&self, reader: &Reader, user: &UserId, version: &str) -> Result<Backup, KeysError> {
        let number = number(version).ok_or(NO_BACKUP)?;
        let row = reader.get(&BACKUP, &(user.to_owned(), number)).await?.ok_or(NO_BACKUP)?;
        Ok(Backup::new(number, row))
    }

    /// Changes what a version says about itself; its algorithm must stay.
    ///
    /// # Errors
    /// [`KeysError::NotFound`], [`KeysError::InvalidParam`] for another algorithm.
    pub async fn update_backup(
        &self,
        user: &UserId,
        version: &str,
        algorithm: &str,
        auth_data: &RawValue,
    ) -> Result<(), KeysError> {
        check_description(algorithm, auth_data)?;
        let key = (user.to_owned(), number(version).ok_or(NO_BACKUP)?);
        let _lock = self.0.backups.lock(user).await;
        for _ in 0..WRITE_TRIES_MAX {
            let old = self.0.store.get(&BACKUP, &key).await?.ok_or(NO_BACKUP)?;
            if old.algorithm != algorithm {
                return Err(KeysError::InvalidParam("the algorithm of a backup cannot change"));
            }
            let new = BackupRow { auth_data: auth_data.get().to_owned(), ..old.clone() };
            let mut batch = Batch::new();
            batch.expect_eq(&BACKUP, &key, &old);
            batch.put(&BACKUP, &key, &new);
            if self.0.store.try_commit(batch).await?.is_some() {
                return Ok(());
            }
        }
        Err(StoreError::Busy.into())
    }

    /// Deletes a version with all its sessions; other versions keep theirs. The version is gone when this returns; a
    /// crash may leave sessions behind that nobody can reach, and the housekeeping deletes them.
    ///
    /// # Errors
    /// [`KeysError::NotFound`].
    pub async fn delete_backup(&self, user: &UserId, version: &str) -> Result<(), KeysError> {
        let key = (user.to_owned(), number(version).ok_or(NO_BACKUP)?);
        let _lock = self.0.backups.lock(user).await;
        if !self.0.store.exists(&BACKUP, &key).await? {
            return Err(NO_BACKUP);
        }
        let mut batch = Batch::new();
        batch.delete(&BACKUP, &key);
        batch.put(&BACKUP_DROPPED, &key, &());
        self.0.store.commit(batch).await?;
        Ok(self.delete_dropped(&key).await?)
    }

    /// Deletes all backups of a user who closes the account.
    ///
    /// # Errors
    /// Whatever the store answers.
    pub async fn delete_backups(&self, user: &UserId) -> Result<(), KeysError> {
        let rows = self.0.store.scan_keys(&BACKUP, Scan::prefix(&user.to_owned())).await?;
        for (_, version) in rows {
            match self.delete_backup(user, &version.to_string()).await {
                // Another request deleted it meanwhile.
                Ok(()) | Err(KeysError::NotFound(_)) => {}
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }
}

/// One text for one number: digits only, no leading zero.
pub(super) fn number(version: &str) -> Option<u64> {
    version.parse().ok().filter(|number: &u64| number.to_string() == version)
}

fn check_description(algorithm: &str, auth_data: &RawValue) -> Result<(), KeysError> {
    if algorithm.is_empty() || algorithm.len() > BACKUP_NAME_BYTES_MAX {
        return Err(KeysError::InvalidParam("`algorithm` is empty or too long"));
    }
    let signed = Signed::parse(auth_data.get(), "auth_data", BACKUP_DESCRIPTION_BYTES_MAX)?;
    // The one algorithm that the specification knows cannot do without its key.
    if algorithm == "m.megolm_backup.v1.curve25519-aes-sha2" {
        signed.required_text("public_key")?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_version_has_one_text() {
        assert_eq!(number("7"), Some(7));
        for text in ["", "07", "+7", "-1", "7.0", "seven", "18446744073709551616"] {
            assert_eq!(number(text), None, "{text}");
        }
    }
}
