//! How the organisation stands to the person of an account, as the service that looks after people says: here, away, or gone.
//!
//! It stands beside what administrators say and not in its place: an account is locked while either of them says so, and
//! neither takes back the other's word, but that an administrator who opens an account opens it. Whoever is gone loses every
//! session; the batch that locks the account writes down that this is owed, and `flows` does it, again after a crash.

use ruma::UserId;
use serde::{Deserialize, Serialize};
use store::{Batch, Scan, StoreError};

use crate::{
    AccountError, Accounts, UnfinishedWork,
    limits::LOGIN_TOKENS_PER_PAGE,
    tables::{LOGIN_TOKENS, LOGIN_TOKENS_BY_AGE, UNFINISHED, UserRow},
};

/// How the organisation stands to a person.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Standing {
    /// Works here, or is nobody whom the organisation knows.
    #[default]
    Active,
    /// Is away: the account may read and leave, not write.
    Suspended,
    /// Has left, or was a visitor whose last visit is over: the account is locked and has no session.
    Left,
}

impl Standing {
    /// Whether the person works here, or is nobody whom the organisation knows.
    pub(crate) fn is_active(&self) -> bool {
        *self == Self::Active
    }
}

impl UserRow {
    /// Whether the account is refused: an administrator says so, or its person has left.
    pub fn is_locked(&self) -> bool {
        self.locked || self.standing == Standing::Left
    }

    /// Whether the account may only read and leave: an administrator says so, or its person is away.
    pub fn is_suspended(&self) -> bool {
        self.suspended || self.standing == Standing::Suspended
    }

    /// An administrator locks the account, or opens it whoever locked it.
    pub fn lock(&mut self, locked: bool) {
        self.locked = locked;
        if !locked && self.standing == Standing::Left {
            self.standing = Standing::Active;
        }
    }

    /// An administrator suspends the account, or ends that whoever suspended it.
    pub fn suspend(&mut self, suspended: bool) {
        self.suspended = suspended;
        if !suspended && self.standing == Standing::Suspended {
            self.standing = Standing::Active;
        }
    }
}

impl Accounts {
    /// How the organisation stands to the person of this account.
    ///
    /// # Errors
    /// Why no organisation has a say in it: `UnknownUser`; `UserDeactivated`; `Administrator`; `Exclusive` for the account of an
    /// application service; `NoColleague` for that of a guest or a visitor.
    pub async fn standing(&self, user: &UserId) -> Result<Standing, AccountError> {
        let row = self.user_row(user).await?.ok_or(AccountError::UnknownUser)?;
        self.check_colleague(user, &row)?;
        Ok(row.standing)
    }

    /// Has the organisation stand so to the person of this account. Whoever has left is refused from this moment; the mark is
    /// for [`Accounts::finish_work`] once their sessions are gone. Doing it again changes nothing.
    ///
    /// # Errors
    /// As [`Accounts::standing`]; `Contended` while an earlier leaving is not finished (see [`Accounts::unfinished_work`]).
    pub async fn set_standing(&self, user: &UserId, standing: Standing) -> Result<Option<u64>, AccountError> {
        if self.standing(user).await? == standing {
            return Ok(None);
        }
        self.change_user(user, |row| {
            self.check_colleague(user, row)?;
            row.standing = standing;
            Ok(())
        })
        .await
    }

    /// Drops the one-time tokens by which this user could log in on another device.
    ///
    /// # Errors
    /// The store's own.
    pub async fn forget_login_tokens_of(&self, user: &UserId) -> Result<(), StoreError> {
        let mut scan = Scan::all().limit(LOGIN_TOKENS_PER_PAGE);
        loop {
            let keys = self.0.store.scan_keys(&LOGIN_TOKENS_BY_AGE, scan).await?;
            let Some(last) = keys.last() else { return Ok(()) };
            scan = Scan::all().after(last).limit(LOGIN_TOKENS_PER_PAGE);
            let hashes: Vec<_> = keys.iter().map(|(_, hash)| *hash).collect();
            let rows = self.0.store.multi_get(&LOGIN_TOKENS, &hashes).await?;
            let mut batch = Batch::new();
            for (hash, row) in hashes.into_iter().zip(rows) {
                if let Some(row) = row.filter(|row| row.user == user) {
                    Self::delete_login_token(&mut batch, hash, &row);
                }
            }
            if !batch.is_empty() {
                self.0.store.commit(batch).await?;
            }
        }
    }

    /// Adds to the batch of a change what a leaving owes, or that nothing is owed any more when somebody comes back: else the
    /// rest of the leaving would end what begins now.
    pub(crate) fn add_leaving(
        &self,
        batch: &mut Batch,
        user: &UserId,
        old: &UserRow,
        new: &UserRow,
    ) -> Option<u64> {
        match (old.standing, new.standing) {
            (Standing::Left, Standing::Left) => None,
            (_, Standing::Left) => Some(self.begin_work(batch, UnfinishedWork::EndSessions, user)),
            (Standing::Left, _) => {
                let key = (UnfinishedWork::EndSessions.code(), user.to_owned());
                batch.expect_absent(&UNFINISHED, &key);
                None
            }
            (_, _) => None,
        }
    }

    fn check_colleague(&self, user: &UserId, row: &UserRow) -> Result<(), AccountError> {
        if row.deactivated {
            return Err(AccountError::UserDeactivated);
        }
        if row.admin {
            return Err(AccountError::Administrator);
        }
        if row.guest || row.is_visitor() {
            return Err(AccountError::NoColleague);
        }
        if self.0.ports.is_reserved(user) { Err(AccountError::Exclusive) } else { Ok(()) }
    }
}
