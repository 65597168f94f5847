//! Closing an account, opening it again, and work on rooms that must survive a crash.
//!
//! This crate cannot reach rooms. What must happen there is written down in the batch that makes it
//! necessary; `flows` does it, again after a restart if need be, and then strikes it off here.

use ruma::{OwnedUserId, UserId};
use store::{Batch, Scan, StoreError};
use streams::Fact;

use crate::{
    AccountError, Accounts,
    endings::SessionEnd,
    limits::WRITE_TRIES_MAX,
    tables::{PASSWORDS, PROFILES, UNFINISHED, USERS, UserRow},
};

/// What is still owed to the rooms of a user.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum UnfinishedWork {
    /// The account is closed: end its devices, leave its rooms, reject its invites.
    LeaveRooms,
    /// The profile changed: bring the member events up to date.
    UpdateMembers,
    /// The person left: end everything by which they could act.
    EndSessions,
}

impl UnfinishedWork {
    pub(crate) fn code(self) -> u8 {
        match self {
            Self::LeaveRooms => 1,
            Self::UpdateMembers => 2,
            Self::EndSessions => 3,
        }
    }

    fn of_code(code: u8) -> Option<Self> {
        match code {
            1 => Some(Self::LeaveRooms),
            2 => Some(Self::UpdateMembers),
            3 => Some(Self::EndSessions),
            _ => None,
        }
    }
}

impl Accounts {
    /// Closes an account until an administrator opens it again: its password is gone at once, with `erase` its profile and account
    /// data too. The mark is for [`Accounts::finish_work`] once its devices and rooms are done.
    /// Closing a closed account does it again.
    pub async fn deactivate(&self, user: &UserId, erase: bool) -> Result<u64, AccountError> {
        let key = user.to_owned();
        for _ in 0..WRITE_TRIES_MAX {
            let old = self.0.store.get(&USERS, &key).await?.ok_or(AccountError::UnknownUser)?;
            let new = UserRow { deactivated: true, erased: old.erased || erase, admin: false, ..old.clone() };
            let mut batch = Batch::new();
            batch.expect_eq(&USERS, &key, &old);
            batch.put(&USERS, &key, &new);
            let position = batch.position();
            streams::record(&mut batch, position, &Fact::Account { user: key.clone() });
            batch.delete(&PASSWORDS, &key);
            self.add_end_of_first_login(&mut batch, user).await?;
            self.forget_addresses(&self.0.store, &mut batch, user).await?;
            if erase {
                batch.delete(&PROFILES, &key);
            }
            let mark = self.begin_work(&mut batch, UnfinishedWork::LeaveRooms, user);
            self.forget_sessions_on_commit(&mut batch, user, Some(SessionEnd::LoggedOut));
            if self.0.store.try_commit(batch).await?.is_some() {
                return Ok(mark);
            }
        }
        Err(AccountError::Contended)
    }

    /// Opens a closed account again, with this password, as an ordinary one: its rank, devices, rooms and addresses
    /// are gone. Opening an open account changes nothing.
    ///
    /// # Errors
    /// `MissingParameter` without a password where people log in by one; `Contended` while something is still owed
    /// to the closing (see [`Accounts::unfinished_work`]).
    pub async fn reopen(&self, user: &UserId, password: Option<&str>) -> Result<(), AccountError> {
        let hash = match password {
            Some(password) => Some(self.0.passwords.hash(password).await?),
            None if self.0.settings.password_login => return Err(AccountError::MissingParameter("password")),
            None => None,
        };
        let key = user.to_owned();
        for _ in 0..WRITE_TRIES_MAX {
            let old = self.0.store.get(&USERS, &key).await?.ok_or(AccountError::UnknownUser)?;
            if !old.deactivated {
                return Ok(());
            }
            let mut batch = Batch::new();
            batch.expect_eq(&USERS, &key, &old);
            // Else the rest of the closing would end what begins now.
            batch.expect_absent(&UNFINISHED, &(UnfinishedWork::LeaveRooms.code(), key.clone()));
            batch.put(&USERS, &key, &UserRow { deactivated: false, erased: false, ..old });
            let position = batch.position();
            streams::record(&mut batch, position, &Fact::Account { user: key.clone() });
            if let Some(hash) = &hash {
                batch.put(&PASSWORDS, &key, hash);
            }
            self.forget_sessions_on_commit(&mut batch, user, None);
            if self.0.store.try_commit(batch).await?.is_some() {
                return Ok(());
            }
        }
        Err(AccountError::Contended)
    }

    /// What a crash left undone, with the mark of each piece.
    pub async fn unfinished_work(&self) -> Result<Vec<(UnfinishedWork, OwnedUserId, u64)>, StoreError> {
        let rows = self.0.store.scan(&UNFINISHED, Scan::all()).await?;
        let known = rows
            .into_iter()
            .filter_map(|((code, user), mark)| UnfinishedWork::of_code(code).map(|work| (work, user, mark)));
        Ok(known.collect())
    }

    /// Strikes off a piece of work, unless the same kind was begun again meanwhile.
    pub async fn finish_work(
        &self,
        work: UnfinishedWork,
        user: &UserId,
        mark: u64,
    ) -> Result<(), StoreError> {
        let key = (work.code(), user.to_owned());
        let mut batch = Batch::new();
        batch.expect_eq(&UNFINISHED, &key, &mark);
        batch.delete(&UNFINISHED, &key);
        match self.0.store.commit(batch).await {
            Ok(_) | Err(StoreError::Conflict) => Ok(()),
            Err(error) => Err(error),
        }
    }

    /// Adds a piece of work to `batch`; the mark tells this beginning from a later one.
    pub(crate) fn begin_work(&self, batch: &mut Batch, work: UnfinishedWork, user: &UserId) -> u64 {
        let mark = self.0.rng.u64();
        batch.put(&UNFINISHED, &(work.code(), user.to_owned()), &mark);
        mark
    }
}
