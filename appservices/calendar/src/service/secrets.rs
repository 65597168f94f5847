//! What opens a calendar: passwords for programs, and one private address for reading. Only their digests are kept.

use sha2::{Digest as _, Sha256};
use store::{Batch, Scan};
use subtle::ConstantTimeEq as _;

use super::Calendars;
use crate::{
    Address, CalendarError,
    limits::{
        FAILURES_ACCOUNTS_MAX, FAILURES_MAX, FAILURES_WINDOW_MS, NAME_CHARS_MAX, PASSWORDS_OF_PERSON_MAX,
    },
    tables::{FEED_OWNERS, FEEDS, FeedRow, PASSWORDS, PasswordRow},
};

/// Letters of a password and of a private address; a little under six bits each.
const SECRET_LETTERS: usize = 32;

/// Letters of the id of a password.
const ID_LETTERS: usize = 6;

/// A password for calendar programs, without itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Password {
    /// By which it is dropped.
    pub id: String,
    /// What its owner called it.
    pub name: String,
    /// When it was made, in milliseconds since 1970.
    pub made_ms: u64,
}

impl Calendars {
    /// Makes a password for the calendar programs of this person. It is returned here and never again.
    ///
    /// # Errors
    /// [`CalendarError::TooLarge`] when there are many already, and the store's own.
    pub async fn new_password(
        &self,
        batch: &mut Batch,
        owner: &Address,
        name: &str,
    ) -> Result<String, CalendarError> {
        let owner = owner.to_string();
        if self.password_rows(&owner).await?.len() >= PASSWORDS_OF_PERSON_MAX {
            return Err(CalendarError::TooLarge("the number of passwords; drop one first"));
        }
        let rng = &self.0.parts.rng;
        let (id, secret) = (rng.string(ID_LETTERS), rng.string(SECRET_LETTERS));
        let row = PasswordRow {
            digest: digest(&secret).to_vec(),
            name: name.chars().filter(|letter| !letter.is_control()).take(NAME_CHARS_MAX).collect(),
            made_ms: self.now_ms(),
        };
        batch.put(&PASSWORDS, &(owner, id), &row);
        Ok(secret)
    }

    /// The passwords of this person, without themselves.
    ///
    /// # Errors
    /// The store's own.
    pub async fn passwords(&self, owner: &Address) -> Result<Vec<Password>, CalendarError> {
        let rows = self.password_rows(&owner.to_string()).await?;
        Ok(rows.into_iter().map(|(id, row)| Password { id, name: row.name, made_ms: row.made_ms }).collect())
    }

    /// Drops a password; whether there was one of this id.
    ///
    /// # Errors
    /// The store's own.
    pub async fn drop_password(
        &self,
        batch: &mut Batch,
        owner: &Address,
        id: &str,
    ) -> Result<bool, CalendarError> {
        let key = (owner.to_string(), id.to_owned());
        let is_there = self.store().exists(&PASSWORDS, &key).await?;
        batch.delete(&PASSWORDS, &key);
        Ok(is_there)
    }

    /// Gives the calendar of this person a new private address, and returns its path. An earlier one ends.
    ///
    /// # Errors
    /// The store's own.
    pub async fn new_feed(&self, batch: &mut Batch, owner: &Address) -> Result<String, CalendarError> {
        self.revoke_feed(batch, owner).await?;
        let owner = owner.to_string();
        let secret = self.0.parts.rng.string(SECRET_LETTERS);
        let digest = digest(&secret);
        batch.put(&FEED_OWNERS, &digest, &owner);
        batch.put(&FEEDS, &owner, &FeedRow { digest: digest.to_vec(), made_ms: self.now_ms() });
        Ok(crate::dav::feed_path(&secret))
    }

    /// When the private address of this calendar was made, if it has one.
    ///
    /// # Errors
    /// The store's own.
    pub async fn feed_made_ms(&self, owner: &Address) -> Result<Option<u64>, CalendarError> {
        Ok(self.store().get(&FEEDS, &owner.to_string()).await?.map(|row| row.made_ms))
    }

    /// Ends the private address of this calendar; whether it had one.
    ///
    /// # Errors
    /// The store's own.
    pub async fn revoke_feed(&self, batch: &mut Batch, owner: &Address) -> Result<bool, CalendarError> {
        let owner = owner.to_string();
        let Some(row) = self.store().get(&FEEDS, &owner).await? else { return Ok(false) };
        batch.expect_eq(&FEEDS, &owner, &row);
        if let Ok(digest) = <[u8; 32]>::try_from(row.digest.as_slice()) {
            batch.delete(&FEED_OWNERS, &digest);
        }
        batch.delete(&FEEDS, &owner);
        Ok(true)
    }

    /// Closes every door to the calendar of somebody who left: their passwords, their private address, their calendars
    /// elsewhere. What is in the calendar stays. Whether any was open.
    ///
    /// # Errors
    /// The store's own.
    pub async fn close(&self, batch: &mut Batch, owner: &Address) -> Result<bool, CalendarError> {
        let mut was_open = self.revoke_feed(batch, owner).await?;
        for password in self.passwords(owner).await? {
            was_open |= self.drop_password(batch, owner, &password.id).await?;
        }
        for kept in self.sources(owner).await? {
            was_open |= self.drop_source(batch, owner, &kept.id).await?;
        }
        Ok(was_open)
    }

    /// Whose calendar a private address opens.
    pub(crate) async fn owner_of_feed(&self, secret: &str) -> Result<Option<String>, CalendarError> {
        Ok(self.store().get(&FEED_OWNERS, &digest(secret)).await?)
    }

    /// Whether this is a password of theirs. After many wrong ones nobody gets in for some minutes.
    pub(crate) async fn is_password(&self, owner: &str, secret: &str) -> Result<bool, CalendarError> {
        if self.has_failed_often(owner) {
            return Ok(false);
        }
        let shown = digest(secret);
        let rows = self.password_rows(owner).await?;
        let mut fits = subtle::Choice::from(0);
        for (_, row) in &rows {
            fits |= row.digest.as_slice().ct_eq(&shown);
        }
        let fits = bool::from(fits);
        self.note_attempt(owner, fits);
        Ok(fits)
    }

    fn has_failed_often(&self, owner: &str) -> bool {
        let failures = self.0.failures.lock();
        failures.get(owner).is_some_and(|(since_ms, count)| {
            *count >= FAILURES_MAX && self.now_ms() < since_ms.saturating_add(FAILURES_WINDOW_MS)
        })
    }

    fn note_attempt(&self, owner: &str, fits: bool) {
        let now_ms = self.now_ms();
        let mut failures = self.0.failures.lock();
        if fits {
            failures.remove(owner);
            return;
        }
        if failures.len() >= FAILURES_ACCOUNTS_MAX {
            failures.clear();
        }
        let entry = failures.entry(owner.to_owned()).or_insert((now_ms, 0));
        if now_ms >= entry.0.saturating_add(FAILURES_WINDOW_MS) {
            *entry = (now_ms, 0);
        }
        entry.1 += 1;
    }

    async fn password_rows(&self, owner: &str) -> Result<Vec<(String, PasswordRow)>, CalendarError> {
        let scan = Scan::prefix(owner).limit(PASSWORDS_OF_PERSON_MAX);
        let rows = self.store().scan(&PASSWORDS, scan).await?;
        Ok(rows.into_iter().map(|((_, id), row)| (id, row)).collect())
    }
}

fn digest(secret: &str) -> [u8; 32] {
    Sha256::digest(secret.as_bytes()).into()
}
