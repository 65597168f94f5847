//! Sessions in a backup: putting, reading page by page, deleting. Each change goes with the count and the etag of its
//! version in one batch, on condition that nobody changed the version meanwhile.

use ruma::{OwnedRoomId, RoomId, UserId};
use serde::Deserialize;
use serde_json::value::RawValue;
use store::{Batch, Reader, Scan, StoreError};

use super::{replace::replaces, versions::number};
use crate::{
    Keys, KeysError,
    limits::{
        BACKUP_NAME_BYTES_MAX, BACKUP_SESSION_BYTES_MAX, BACKUP_SESSIONS_MAX, BACKUP_SESSIONS_PER_UPLOAD_MAX,
        ROWS_PER_STEP_MAX, WRITE_TRIES_MAX,
    },
    tables::{BACKUP, BACKUP_SESSION, BackupRow, BackupSessionRow},
};

/// A session to be kept, checked.
#[derive(Clone, Debug)]
pub struct NewSession {
    room: OwnedRoomId,
    id: String,
    row: BackupSessionRow,
}

impl NewSession {
    /// Checks a session as a client uploads it.
    ///
    /// # Errors
    /// [`KeysError::BadJson`] for fields that are missing or of another type, [`KeysError::TooLarge`].
    pub fn check(room: &RoomId, id: &str, json: &RawValue) -> Result<Self, KeysError> {
        #[derive(Deserialize)]
        struct Fields<'a> {
            first_message_index: u64,
            forwarded_count: u64,
            is_verified: bool,
            #[serde(borrow)]
            session_data: &'a RawValue,
        }
        let what = "a backed-up session";
        if json.get().len() > BACKUP_SESSION_BYTES_MAX {
            let (size, max) = (json.get().len(), BACKUP_SESSION_BYTES_MAX);
            return Err(KeysError::TooLarge { what, size, max });
        }
        if id.is_empty() || id.len() > BACKUP_NAME_BYTES_MAX {
            return Err(KeysError::InvalidParam("the session id is empty or too long"));
        }
        let bad = |problem: String| KeysError::BadJson { what, problem };
        let fields: Fields<'_> = serde_json::from_str(json.get()).map_err(|error| bad(error.to_string()))?;
        if !fields.session_data.get().starts_with('{') {
            return Err(bad("`session_data` must be an object".to_owned()));
        }
        let row = BackupSessionRow {
            first_message_index: fields.first_message_index,
            forwarded_count: fields.forwarded_count,
            is_verified: fields.is_verified,
            session_data: fields.session_data.get().to_owned(),
        };
        Ok(Self { room: room.to_owned(), id: id.to_owned(), row })
    }
}

/// What a version holds after a change.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct BackupState {
    /// Sessions in it.
    pub count: u64,
    /// Changes whenever the sessions do.
    pub etag: u64,
}

/// Which sessions of a version are meant.
#[derive(Clone, Copy, Debug)]
pub enum SessionScope<'a> {
    /// All of them.
    All,
    /// Those of one room.
    Room(&'a RoomId),
    /// One session of a room.
    Session(&'a RoomId, &'a str),
}

/// A session as it is kept: room, id, and the row.
pub type BackedUpSession = (String, String, BackupSessionRow);

impl Keys {
    /// Keeps sessions in the current version; of a session that is there already, the better copy stays.
    ///
    /// # Errors
    /// [`KeysError::WrongBackupVersion`] for a version that is not the current one, [`KeysError::NotFound`] for one
    /// that does not exist, [`KeysError::TooLarge`].
    pub async fn put_sessions(
        &self,
        user: &UserId,
        version: &str,
        sessions: &[NewSession],
    ) -> Result<BackupState, KeysError> {
        if sessions.len() > BACKUP_SESSIONS_PER_UPLOAD_MAX {
            let (what, max) = ("sessions of an upload", BACKUP_SESSIONS_PER_UPLOAD_MAX);
            return Err(KeysError::TooLarge { what, size: sessions.len(), max });
        }
        let _lock = self.0.backups.lock(user).await;
        for _ in 0..WRITE_TRIES_MAX {
            match self.try_put(user, version, sessions).await {
                Err(KeysError::Store(StoreError::Conflict)) => {}
                outcome => return outcome,
            }
        }
        Err(StoreError::Busy.into())
    }

    async fn try_put(
        &self,
        user: &UserId,
        version: &str,
        sessions: &[NewSession],
    ) -> Result<BackupState, KeysError> {
        let snapshot = self.0.store.snapshot();
        let wanted = self.backup(&snapshot, user, version).await?;
        let current = self.current_backup(&snapshot, user).await?.version;
        if wanted.version != current {
            return Err(KeysError::WrongBackupVersion { current });
        }
        let owner = (user.to_owned(), current);
        let keys: Vec<_> = sessions
            .iter()
            .map(|new| (owner.0.clone(), current, new.room.to_string(), new.id.clone()))
            .collect();
        let kept = snapshot.multi_get(&BACKUP_SESSION, &keys).await?;
        let mut batch = Batch::new();
        let mut added = 0;
        for ((new, key), old) in sessions.iter().zip(&keys).zip(kept) {
            if old.as_ref().is_none_or(|old| replaces(&new.row, old)) {
                added += u64::from(old.is_none());
                batch.put(&BACKUP_SESSION, key, &new.row);
            }
        }
        if batch.is_empty() {
            return Ok(BackupState { count: wanted.count, etag: wanted.etag });
        }
        let state = BackupState { count: wanted.count + added, etag: wanted.etag + 1 };
        if state.count > BACKUP_SESSIONS_MAX {
            let size = usize::try_from(state.count).unwrap_or(usize::MAX);
            let max = usize::try_from(BACKUP_SESSIONS_MAX).unwrap_or(usize::MAX);
            return Err(KeysError::TooLarge { what: "sessions of the backup", size, max });
        }
        let old = BackupRow {
            algorithm: wanted.algorithm,
            auth_data: wanted.auth_data,
            count: wanted.count,
            etag: wanted.etag,
        };
        batch.expect_eq(&BACKUP, &owner, &old);
        batch.put(&BACKUP, &owner, &BackupRow { count: state.count, etag: state.etag, ..old });
        self.0.store.commit(batch).await?;
        Ok(state)
    }

    /// One session.
    ///
    /// # Errors
    /// [`KeysError::NotFound`] when the version or the session does not exist.
    pub async fn session(
        &self,
        reader: &Reader,
        user: &UserId,
        version: &str,
        (room, id): (&RoomId, &str),
    ) -> Result<BackupSessionRow, KeysError> {
        let version = self.backup(reader, user, version).await?.version;
        let key = (user.to_owned(), version, room.to_string(), id.to_owned());
        let row = reader.get(&BACKUP_SESSION, &key).await?;
        row.ok_or(KeysError::NotFound("no such session in the backup"))
    }

    /// A page of the sessions of a room, or of all rooms, ordered by room and id, after the last one of the page
    /// before. Fewer than [`ROWS_PER_STEP_MAX`] means that this was the last page.
    ///
    /// # Errors
    /// Whatever the store answers.
    pub async fn sessions(
        &self,
        reader: &Reader,
        user: &UserId,
        version: u64,
        room: Option<&RoomId>,
        after: Option<&(String, String)>,
    ) -> Result<Vec<BackedUpSession>, KeysError> {
        let owner = user.to_owned();
        let mut scan = match room {
            Some(room) => Scan::prefix(&(owner.clone(), version, room.to_string())),
            None => Scan::prefix(&(owner.clone(), version)),
        };
        if let Some((room, id)) = after {
            scan = scan.after(&(owner, version, room.clone(), id.clone()));
        }
        let rows = reader.scan(&BACKUP_SESSION, scan.limit(ROWS_PER_STEP_MAX)).await?;
        Ok(rows.into_iter().map(|((_, _, room, id), row)| (room, id, row)).collect())
    }

    /// Deletes sessions of any version that exists.
    ///
    /// # Errors
    /// [`KeysError::NotFound`] for a version that does not exist.
    pub async fn delete_sessions(
        &self,
        user: &UserId,
        version: &str,
        scope: SessionScope<'_>,
    ) -> Result<BackupState, KeysError> {
        let _lock = self.0.backups.lock(user).await;
        loop {
            match self.delete_step(user, version, scope).await {
                Ok((state, true)) => return Ok(state),
                // More to do, or somebody else changed the version meanwhile and so made progress.
                Ok((_, false)) | Err(KeysError::Store(StoreError::Conflict)) => {}
                Err(error) => return Err(error),
            }
        }
    }

    async fn delete_step(
        &self,
        user: &UserId,
        version: &str,
        scope: SessionScope<'_>,
    ) -> Result<(BackupState, bool), KeysError> {
        const GONE: KeysError = KeysError::NotFound("no such backup version");
        let reader = self.0.store.snapshot();
        let version = number(version).ok_or(GONE)?;
        let owner = (user.to_owned(), version);
        let old = reader.get(&BACKUP, &owner).await?.ok_or(GONE)?;
        let user = owner.0.clone();
        let scan = match scope {
            SessionScope::All => Scan::prefix(&owner),
            SessionScope::Room(room) => Scan::prefix(&(user, version, room.to_string())),
            SessionScope::Session(room, id) => {
                let key = (user, version, room.to_string(), id.to_owned());
                Scan::prefix(&owner).from(&key).up_to(&key)
            }
        };
        let sessions = reader.scan_keys(&BACKUP_SESSION, scan.limit(ROWS_PER_STEP_MAX)).await?;
        let finished = sessions.len() < ROWS_PER_STEP_MAX;
        if sessions.is_empty() {
            return Ok((BackupState { count: old.count, etag: old.etag }, true));
        }
        let count = old.count.saturating_sub(sessions.len() as u64);
        let new = BackupRow { count, etag: old.etag + 1, ..old.clone() };
        let mut batch = Batch::new();
        batch.expect_eq(&BACKUP, &owner, &old);
        batch.put(&BACKUP, &owner, &new);
        for session in &sessions {
            batch.delete(&BACKUP_SESSION, session);
        }
        self.0.store.commit(batch).await?;
        Ok((BackupState { count: new.count, etag: new.etag }, finished))
    }
}
