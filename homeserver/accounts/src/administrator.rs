//! The first administrator: whoever holds the one-time link that the first start prints.

use ruma::OwnedUserId;
use store::{Batch, StoreError};
use subtle::ConstantTimeEq;

use crate::{
    AccountError, Accounts, NewUser,
    tables::{ADMINISTRATOR_TOKEN, AdministratorTokenRow},
    tokens::{self, TokenKind},
};

/// The only key of [`ADMINISTRATOR_TOKEN`].
const KEY: u8 = 0;
/// Accounts read at a time while looking for an administrator.
const PAGE: usize = 1_000;

impl Accounts {
    /// A new one-time token that creates the first administrator; it replaces any former one.
    /// Nothing when there is an administrator.
    pub async fn issue_administrator_token(&self) -> Result<Option<String>, AccountError> {
        if self.has_administrator().await? {
            return Ok(None);
        }
        let token = tokens::generate(&self.0.rng, TokenKind::Administrator);
        let mut batch = Batch::new();
        batch.put(&ADMINISTRATOR_TOKEN, &KEY, &AdministratorTokenRow { hash: tokens::hash(&token) });
        self.0.store.commit(batch).await?;
        Ok(Some(token))
    }

    /// Whether the token would create the first administrator now.
    pub async fn is_administrator_token(&self, token: &str) -> Result<bool, StoreError> {
        let row = self.0.store.get(&ADMINISTRATOR_TOKEN, &KEY).await?;
        Ok(row.is_some_and(|row| bool::from(row.hash.ct_eq(&tokens::hash(token)))))
    }

    /// Creates the first administrator; the token is spent.
    pub async fn create_administrator(
        &self,
        token: &str,
        localpart: &str,
        password: &str,
    ) -> Result<OwnedUserId, AccountError> {
        if !self.is_administrator_token(token).await? {
            return Err(AccountError::InvalidAdministratorToken);
        }
        let new = NewUser {
            localpart: localpart.to_owned(),
            password: Some(password.to_owned()),
            admin: true,
            display_name: None,
        };
        // The token is spent in the batch that creates the account: a refused name does not cost it.
        Ok(self.create_with(new, None, Some(token)).await?.user)
    }

    /// Whether any active account is an administrator. Reads all accounts: for the start only.
    pub async fn has_administrator(&self) -> Result<bool, StoreError> {
        let mut after: Option<OwnedUserId> = None;
        loop {
            let page = self.users(after.as_deref(), PAGE).await?;
            if page.iter().any(|line| line.status.admin && !line.status.deactivated) {
                return Ok(true);
            }
            match page.last() {
                Some(last) if page.len() == PAGE => after = Some(last.user.clone()),
                _ => return Ok(false),
            }
        }
    }

    /// Adds the spending of the token to `batch`.
    pub(crate) async fn spend_administrator_token(
        &self,
        batch: &mut Batch,
        token: &str,
    ) -> Result<(), AccountError> {
        if !self.is_administrator_token(token).await? {
            return Err(AccountError::InvalidAdministratorToken);
        }
        batch.expect_eq(&ADMINISTRATOR_TOKEN, &KEY, &AdministratorTokenRow { hash: tokens::hash(token) });
        batch.delete(&ADMINISTRATOR_TOKEN, &KEY);
        Ok(())
    }
}
