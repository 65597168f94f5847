//! Account rows: existence, flags, lists.

use model::StreamPos;
use ruma::{OwnedUserId, UserId};
use store::{Batch, Reader, Scan, Snapshot, StoreError};
use streams::Fact;

use crate::{
    AccountError, Accounts,
    endings::SessionEnd,
    limits::WRITE_TRIES_MAX,
    tables::{PASSWORDS, USERS, UserRow},
};

/// What an account may do now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct UserStatus {
    /// Created without a name or a password, with few rights.
    pub guest: bool,
    /// May use the administration interface.
    pub admin: bool,
    /// Closed, with its devices and its places in rooms, until an administrator opens it again.
    pub deactivated: bool,
    /// The person asked that new members no longer see their old messages.
    pub erased: bool,
    /// Refused until an administrator unlocks it, or its person comes back; it keeps what it has.
    pub locked: bool,
    /// May read and leave, not write.
    pub suspended: bool,
}

/// One line of a list of accounts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UserSummary {
    /// The account.
    pub user: OwnedUserId,
    /// What it may do now.
    pub status: UserStatus,
    /// When it was created, in ms since 1970.
    pub created_ms: u64,
}

impl From<&UserRow> for UserStatus {
    fn from(row: &UserRow) -> Self {
        let UserRow { guest, admin, deactivated, erased, .. } = *row;
        let (locked, suspended) = (row.is_locked(), row.is_suspended());
        Self { guest, admin, deactivated, erased, locked, suspended }
    }
}

impl Accounts {
    /// A reader of the store, for callers that have no snapshot of their own.
    pub fn reader(&self) -> &Reader {
        &self.0.store
    }

    /// A snapshot of the store, for callers that read several things that must agree.
    pub fn snapshot(&self) -> Snapshot {
        self.0.store.snapshot()
    }

    /// The status of a local account, or nothing when there is none.
    pub async fn status(&self, reader: &Reader, user: &UserId) -> Result<Option<UserStatus>, StoreError> {
        Ok(reader.get(&USERS, &user.to_owned()).await?.as_ref().map(UserStatus::from))
    }

    /// Whether there is a local account of this id, closed or not.
    pub async fn exists(&self, reader: &Reader, user: &UserId) -> Result<bool, StoreError> {
        Ok(self.status(reader, user).await?.is_some())
    }

    /// Whether there is a local account of this id that was not deactivated.
    pub async fn is_active(&self, reader: &Reader, user: &UserId) -> Result<bool, StoreError> {
        Ok(self.status(reader, user).await?.is_some_and(|status| !status.deactivated))
    }

    /// Whether there is a local account of this id that is neither closed nor locked, whoever locked it.
    pub async fn is_open(&self, reader: &Reader, user: &UserId) -> Result<bool, StoreError> {
        let status = self.status(reader, user).await?;
        Ok(status.is_some_and(|status| !status.deactivated && !status.locked))
    }

    /// Whether there is a local account of this id that may say something: it is neither closed nor locked nor suspended.
    pub async fn may_write(&self, reader: &Reader, user: &UserId) -> Result<bool, StoreError> {
        let status = self.status(reader, user).await?;
        Ok(status.is_some_and(|status| !status.deactivated && !status.locked && !status.suspended))
    }

    /// Whether this is an active local administrator.
    pub async fn is_admin(&self, reader: &Reader, user: &UserId) -> Result<bool, StoreError> {
        Ok(self.status(reader, user).await?.is_some_and(|status| status.admin && !status.deactivated))
    }

    /// Up to `limit` accounts after `after`, in order of their ids.
    pub async fn users(&self, after: Option<&UserId>, limit: usize) -> Result<Vec<UserSummary>, StoreError> {
        let mut scan = Scan::all().limit(limit);
        if let Some(after) = after {
            scan = scan.after(&after.to_owned());
        }
        let rows = self.0.store.scan(&USERS, scan).await?;
        Ok(rows
            .into_iter()
            .map(|(user, row)| UserSummary { user, status: (&row).into(), created_ms: row.created_ms })
            .collect())
    }

    /// Makes the user an administrator, or no longer one.
    pub async fn set_admin(&self, user: &UserId, admin: bool) -> Result<(), AccountError> {
        self.change_user(user, |row| {
            row.admin = admin;
            Ok(())
        })
        .await
        .map(drop)
    }

    /// Locks or unlocks the account; a locked account's tokens answer 401 with a soft logout.
    pub async fn set_locked(&self, user: &UserId, locked: bool) -> Result<(), AccountError> {
        self.change_user(user, |row| {
            row.lock(locked);
            Ok(())
        })
        .await
        .map(drop)
    }

    /// Suspends the account or ends that.
    pub async fn set_suspended(&self, user: &UserId, suspended: bool) -> Result<(), AccountError> {
        self.change_user(user, |row| {
            row.suspend(suspended);
            Ok(())
        })
        .await
        .map(drop)
    }

    /// Changes an account's row and says what a leaving owes (see [`Accounts::set_standing`]).
    pub(crate) async fn change_user(
        &self,
        user: &UserId,
        change: impl Fn(&mut UserRow) -> Result<(), AccountError>,
    ) -> Result<Option<u64>, AccountError> {
        let key = user.to_owned();
        for _ in 0..WRITE_TRIES_MAX {
            let old = self.0.store.get(&USERS, &key).await?.ok_or(AccountError::UnknownUser)?;
            let mut new = old.clone();
            change(&mut new)?;
            let mut batch = Batch::new();
            batch.expect_eq(&USERS, &key, &old);
            batch.put(&USERS, &key, &new);
            if new.is_locked() {
                self.add_end_of_first_login(&mut batch, user).await?;
            }
            let position = batch.position();
            streams::record(&mut batch, position, &Fact::Account { user: key.clone() });
            let closed = (new.is_locked() && !old.is_locked()).then_some(SessionEnd::Locked);
            self.forget_sessions_on_commit(&mut batch, user, closed);
            let mark = self.add_leaving(&mut batch, user, &old, &new);
            if self.0.store.try_commit(batch).await?.is_some() {
                return Ok(mark);
            }
        }
        Err(AccountError::Contended)
    }

    pub(crate) async fn user_row(&self, user: &UserId) -> Result<Option<UserRow>, StoreError> {
        self.0.store.get(&USERS, &user.to_owned()).await
    }

    /// Sets or replaces the password and says where it was committed. Which devices go is another
    /// question: see [`Accounts::remove_other_devices`].
    pub async fn set_password(&self, user: &UserId, password: &str) -> Result<StreamPos, AccountError> {
        let hash = self.0.passwords.hash(password).await?;
        let key = user.to_owned();
        for _ in 0..WRITE_TRIES_MAX {
            let row = self.0.store.get(&USERS, &key).await?.ok_or(AccountError::UnknownUser)?;
            if row.deactivated {
                return Err(AccountError::UserDeactivated);
            }
            let mut batch = Batch::new();
            // A deactivation at the same moment wins: a closed account never gets a password again.
            batch.expect_eq(&USERS, &key, &row);
            batch.put(&PASSWORDS, &key, &hash);
            match self.0.store.commit(batch).await {
                Ok(commit) => return Ok(commit.last()),
                Err(StoreError::Conflict) => {}
                Err(error) => return Err(error.into()),
            }
        }
        Err(AccountError::Contended)
    }
}
