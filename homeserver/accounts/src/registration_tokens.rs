//! Registration tokens: who made them, how often they may be used, until when.
//!
//! [Token-authenticated registration](https://spec.matrix.org/v1.19/client-server-api/#token-authenticated-registration).
//! Uses that are under way (*pending*) live with the user-interactive sessions in memory; a finished
//! one is counted in the batch that creates the account, so a token never admits one too many.

use store::{Batch, Scan, StoreError};

use crate::{
    AccountError, Accounts,
    limits::{REGISTRATION_TOKEN_BYTES_MAX, WRITE_TRIES_MAX},
    tables::{REGISTRATION_TOKENS, RegistrationTokenRow},
};

/// Length of a token that the server chooses.
const CHOSEN_LENGTH: usize = 16;

/// A registration token and its use.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RegistrationToken {
    /// The token.
    pub token: String,
    /// How many accounts it may create; none means any number.
    pub uses_allowed: Option<u64>,
    /// Registrations under way that have shown it.
    pub pending: u64,
    /// Accounts it has created.
    pub completed: u64,
    /// When it ends, in ms since 1970.
    pub expires_ms: Option<u64>,
}

impl Accounts {
    /// Creates a token; without a name the server chooses one.
    pub async fn create_registration_token(
        &self,
        token: Option<String>,
        uses_allowed: Option<u64>,
        expires_ms: Option<u64>,
    ) -> Result<RegistrationToken, AccountError> {
        let token = token.unwrap_or_else(|| self.0.rng.string(CHOSEN_LENGTH));
        let follows_grammar = token
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b'~' | b'-'));
        if token.is_empty() || token.len() > REGISTRATION_TOKEN_BYTES_MAX || !follows_grammar {
            return Err(AccountError::InvalidParameter("a token has 1 to 64 of A-Z a-z 0-9 . _ ~ -"));
        }
        let row = RegistrationTokenRow { uses_allowed, completed: 0, expires_ms };
        let mut batch = Batch::new();
        batch.expect_absent(&REGISTRATION_TOKENS, &token);
        batch.put(&REGISTRATION_TOKENS, &token, &row);
        match self.0.store.commit(batch).await {
            Ok(_) => Ok(self.described(token, &row)),
            Err(StoreError::Conflict) => Err(AccountError::InvalidParameter("the token exists already")),
            Err(error) => Err(error.into()),
        }
    }

    /// All registration tokens, in order.
    pub async fn registration_tokens(&self) -> Result<Vec<RegistrationToken>, StoreError> {
        let rows = self.0.store.scan(&REGISTRATION_TOKENS, Scan::all()).await?;
        Ok(rows.into_iter().map(|(token, row)| self.described(token, &row)).collect())
    }

    /// One registration token.
    pub async fn registration_token(&self, token: &str) -> Result<Option<RegistrationToken>, StoreError> {
        let key = token.to_owned();
        let row = self.0.store.get(&REGISTRATION_TOKENS, &key).await?;
        Ok(row.map(|row| self.described(key, &row)))
    }

    /// Whether the token could start a registration now, by its own numbers.
    pub fn admits_registration(&self, token: &RegistrationToken) -> bool {
        let in_time = token.expires_ms.is_none_or(|expires_ms| self.0.clock.now_ms() < expires_ms);
        let used = token.completed.saturating_add(token.pending);
        in_time && token.uses_allowed.is_none_or(|allowed| used < allowed)
    }

    /// Changes how often a token may be used and until when. An outer `None` leaves a value as it is.
    pub async fn update_registration_token(
        &self,
        token: &str,
        uses_allowed: Option<Option<u64>>,
        expires_ms: Option<Option<u64>>,
    ) -> Result<RegistrationToken, AccountError> {
        let key = token.to_owned();
        for _ in 0..WRITE_TRIES_MAX {
            let old = self.0.store.get(&REGISTRATION_TOKENS, &key).await?.ok_or(AccountError::NotFound)?;
            let new = RegistrationTokenRow {
                uses_allowed: uses_allowed.unwrap_or(old.uses_allowed),
                expires_ms: expires_ms.unwrap_or(old.expires_ms),
                ..old.clone()
            };
            let mut batch = Batch::new();
            batch.expect_eq(&REGISTRATION_TOKENS, &key, &old);
            batch.put(&REGISTRATION_TOKENS, &key, &new);
            if self.0.store.try_commit(batch).await?.is_some() {
                return Ok(self.described(key, &new));
            }
        }
        Err(AccountError::Contended)
    }

    /// Deletes a token; accounts it has created stay.
    pub async fn delete_registration_token(&self, token: &str) -> Result<(), AccountError> {
        let key = token.to_owned();
        if !self.0.store.exists(&REGISTRATION_TOKENS, &key).await? {
            return Err(AccountError::NotFound);
        }
        let mut batch = Batch::new();
        batch.delete(&REGISTRATION_TOKENS, &key);
        self.0.store.commit(batch).await?;
        Ok(())
    }

    /// Whether the token could start a registration now.
    pub async fn is_registration_token_valid(&self, token: &str) -> Result<bool, StoreError> {
        if token.is_empty() || token.len() > REGISTRATION_TOKEN_BYTES_MAX {
            return Ok(false);
        }
        let row = self.0.store.get(&REGISTRATION_TOKENS, &token.to_owned()).await?;
        Ok(row.is_some_and(|row| self.admits(&row, self.pending_uses(token))))
    }

    /// Adds one finished use to `batch`.
    pub(crate) async fn count_registration_token(
        &self,
        batch: &mut Batch,
        token: &str,
    ) -> Result<(), AccountError> {
        let key = token.to_owned();
        let row = self.0.store.get(&REGISTRATION_TOKENS, &key).await?;
        // The use that is being finished is no longer pending, so nothing else counts here.
        let row = row.filter(|row| self.admits(row, 0)).ok_or(AccountError::InvalidRegistrationToken)?;
        batch.expect_eq(&REGISTRATION_TOKENS, &key, &row);
        let completed = row.completed + 1;
        batch.put(&REGISTRATION_TOKENS, &key, &RegistrationTokenRow { completed, ..row });
        Ok(())
    }

    fn admits(&self, row: &RegistrationTokenRow, pending: u64) -> bool {
        let in_time = row.expires_ms.is_none_or(|expires_ms| self.0.clock.now_ms() < expires_ms);
        in_time && row.uses_allowed.is_none_or(|allowed| row.completed.saturating_add(pending) < allowed)
    }

    fn pending_uses(&self, token: &str) -> u64 {
        self.0.uia.pending_uses(token, self.0.clock.now_ms())
    }

    fn described(&self, token: String, row: &RegistrationTokenRow) -> RegistrationToken {
        RegistrationToken {
            uses_allowed: row.uses_allowed,
            pending: self.pending_uses(&token),
            completed: row.completed,
            expires_ms: row.expires_ms,
            token,
        }
    }
}
