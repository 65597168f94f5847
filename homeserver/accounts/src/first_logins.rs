//! The first login of people whom somebody else made: a one-time link lets the person set the password of an account that
//! nobody has ever entered.
//!
//! A link is bound to one account, is stored as a hash, works once and not for ever; a newer one voids it, and so does whatever
//! closes the account. It never opens an account that somebody has entered by any other way, and never an administrator's: so
//! whoever may give links cannot become anybody. Why a link does not work is told to nobody.

use ruma::{OwnedUserId, UserId};
use store::{Batch, Scan, StoreError};

use crate::{
    AccountError, Accounts,
    limits::{DISPLAY_NAME_BYTES_MAX, FIRST_LOGINS_PER_PAGE, TOKEN_BYTES_MAX, WRITE_TRIES_MAX},
    tables::{DEVICES, FIRST_LOGIN_LINKS, FIRST_LOGINS, FirstLoginRow, PASSWORDS, USERS, UserRow},
    tokens::{self, TokenKind},
};

/// A link that was made.
#[derive(Clone)]
pub struct FirstLogin {
    /// The token of the link; it is nowhere else.
    pub token: String,
    /// Until when it works, in ms since 1970.
    pub expires_ms: u64,
}

/// A link that can be opened.
struct Open {
    user: OwnedUserId,
    link: FirstLoginRow,
    row: UserRow,
}

impl Accounts {
    /// Until when the link works that this person has already, in ms since 1970; none where one can be given.
    ///
    /// # Errors
    /// Why none can be given: `FirstLoginPast` when somebody has entered the account, `UserLocked`, `UserDeactivated`,
    /// `Exclusive` or `InvalidUsername` for a name that is no person's, `LoginUnsupported` where passwords open nothing.
    pub async fn first_login_of(&self, user: &UserId) -> Result<Option<u64>, AccountError> {
        self.unentered(user).await?;
        let link = self.0.store.get(&FIRST_LOGINS, user).await?;
        Ok(link.map(|link| link.expires_ms).filter(|expires_ms| *expires_ms > self.0.clock.now_ms()))
    }

    /// Gives a person a link that works for `lifetime_ms`, and voids the one before. Without an account they get one, with
    /// this display name.
    ///
    /// # Errors
    /// As [`Accounts::first_login_of`].
    pub async fn give_first_login(
        &self,
        user: &UserId,
        display_name: Option<&str>,
        lifetime_ms: u64,
    ) -> Result<FirstLogin, AccountError> {
        if display_name.is_some_and(|name| name.len() > DISPLAY_NAME_BYTES_MAX) {
            return Err(AccountError::TooLarge("the display name"));
        }
        let token = tokens::generate(&self.0.rng, TokenKind::FirstLogin);
        for _ in 0..WRITE_TRIES_MAX {
            let expires_ms = self.0.clock.now_ms().saturating_add(lifetime_ms);
            let known = self.unentered(user).await?;
            let mut batch = Batch::new();
            match &known {
                Some(row) => {
                    batch.expect_eq(&USERS, user, row);
                }
                None => self.add_account(&mut batch, user, display_name.map(str::to_owned), false).await?,
            }
            batch.expect_absent(&PASSWORDS, user);
            self.add_end_of_first_login(&mut batch, user).await?;
            let link = FirstLoginRow { hash: tokens::hash(&token), expires_ms };
            batch.put(&FIRST_LOGINS, user, &link);
            batch.put(&FIRST_LOGIN_LINKS, &link.hash, &user.to_owned());
            if self.0.store.try_commit(batch).await?.is_some() {
                return Ok(FirstLogin { token, expires_ms });
            }
        }
        Err(AccountError::Contended)
    }

    /// Whose first login the link with this token is; nobody's when it is void.
    ///
    /// # Errors
    /// The store's own.
    pub async fn user_of_first_login(&self, token: &str) -> Result<Option<OwnedUserId>, AccountError> {
        Ok(self.open(token).await?.map(|open| open.user))
    }

    /// Sets the password of the account that the link is for; the link is spent.
    ///
    /// # Errors
    /// `FirstLoginUnknown` for a link that is void, whatever the reason; `WeakPassword` leaves the link as it is.
    pub async fn finish_first_login(&self, token: &str, password: &str) -> Result<OwnedUserId, AccountError> {
        // A stranger's guess costs a look and no hash.
        self.open(token).await?.ok_or(AccountError::FirstLoginUnknown)?;
        let hash = self.0.passwords.hash(password).await?;
        for _ in 0..WRITE_TRIES_MAX {
            let Open { user, link, row } = self.open(token).await?.ok_or(AccountError::FirstLoginUnknown)?;
            let mut batch = Batch::new();
            batch.expect_eq(&USERS, &user, &row);
            batch.expect_eq(&FIRST_LOGINS, &user, &link);
            batch.delete(&FIRST_LOGINS, &user);
            batch.delete(&FIRST_LOGIN_LINKS, &link.hash);
            batch.expect_absent(&PASSWORDS, &user);
            batch.put(&PASSWORDS, &user, &hash);
            if self.0.store.try_commit(batch).await?.is_some() {
                return Ok(user);
            }
        }
        Err(AccountError::Contended)
    }

    /// Voids the link of a person, if there is one.
    ///
    /// # Errors
    /// The store's own.
    pub async fn end_first_login(&self, user: &UserId) -> Result<(), AccountError> {
        for _ in 0..WRITE_TRIES_MAX {
            let mut batch = Batch::new();
            self.add_end_of_first_login(&mut batch, user).await?;
            if self.0.store.try_commit(batch).await?.is_some() {
                return Ok(());
            }
        }
        Err(AccountError::Contended)
    }

    /// Drops links that were never used in time; how many.
    ///
    /// # Errors
    /// The store's own.
    pub async fn forget_first_logins(&self) -> Result<usize, StoreError> {
        let now_ms = self.0.clock.now_ms();
        let mut forgotten = 0;
        let mut scan = Scan::all().limit(FIRST_LOGINS_PER_PAGE);
        loop {
            let rows = self.0.store.scan(&FIRST_LOGINS, scan).await?;
            let Some((last, _)) = rows.last() else { return Ok(forgotten) };
            scan = Scan::all().after(last).limit(FIRST_LOGINS_PER_PAGE);
            let mut batch = Batch::new();
            let mut dropped = 0;
            for (user, link) in rows.iter().filter(|(_, link)| link.expires_ms <= now_ms) {
                batch.expect_eq(&FIRST_LOGINS, user, link);
                batch.delete(&FIRST_LOGINS, user);
                batch.delete(&FIRST_LOGIN_LINKS, &link.hash);
                dropped += 1;
            }
            // One of them was replaced at this moment: the next round finds the others.
            if dropped > 0 && self.0.store.try_commit(batch).await?.is_some() {
                forgotten += dropped;
            }
        }
    }

    /// Adds the end of a person's link to `batch`, on condition that it is still this one.
    pub(crate) async fn add_end_of_first_login(
        &self,
        batch: &mut Batch,
        user: &UserId,
    ) -> Result<(), StoreError> {
        let link = self.0.store.get(&FIRST_LOGINS, user).await?;
        batch.expect_read(&FIRST_LOGINS, user, link.as_ref());
        if let Some(link) = link {
            batch.delete(&FIRST_LOGINS, user);
            batch.delete(&FIRST_LOGIN_LINKS, &link.hash);
        }
        Ok(())
    }

    async fn open(&self, token: &str) -> Result<Option<Open>, AccountError> {
        if token.len() > TOKEN_BYTES_MAX {
            return Ok(None);
        }
        let hash = tokens::hash(token);
        let Some(user) = self.0.store.get(&FIRST_LOGIN_LINKS, &hash).await? else { return Ok(None) };
        let link = self.0.store.get(&FIRST_LOGINS, &user).await?;
        let works = |link: &FirstLoginRow| link.hash == hash && link.expires_ms > self.0.clock.now_ms();
        let Some(link) = link.filter(works) else { return Ok(None) };
        match self.unentered(&user).await {
            Ok(row) => Ok(row.map(|row| Open { user, link, row })),
            Err(error @ AccountError::Store(_)) => Err(error),
            Err(_) => Ok(None),
        }
    }

    /// The row of an account that nobody has entered; none where there is no account.
    async fn unentered(&self, user: &UserId) -> Result<Option<UserRow>, AccountError> {
        if !self.0.settings.password_login {
            return Err(AccountError::LoginUnsupported);
        }
        if self.registrable_user_id(user.localpart())? != user {
            return Err(AccountError::InvalidUsername);
        }
        let Some(row) = self.user_row(user).await? else { return Ok(None) };
        if row.deactivated {
            return Err(AccountError::UserDeactivated);
        }
        if row.is_locked() {
            return Err(AccountError::UserLocked);
        }
        let is_entered = row.admin
            || row.guest
            || row.is_visitor()
            || self.0.store.exists(&PASSWORDS, user).await?
            || !self.external_ids(user).await?.is_empty()
            || !self.0.store.scan_keys(&DEVICES, Scan::prefix(user).limit(1)).await?.is_empty();
        if is_entered { Err(AccountError::FirstLoginPast) } else { Ok(Some(row)) }
    }
}
