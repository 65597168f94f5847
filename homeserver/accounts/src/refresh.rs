//! Refresh tokens: rotation, and what happens when one is used twice.
//!
//! [Refreshing access tokens](https://spec.matrix.org/v1.19/client-server-api/#refreshing-access-tokens).
//! A used token stays good until a token of its successor pair is used, because the answer may have
//! been lost. After that it is spent: a repeat within a short grace is a client that refreshed twice
//! at once, a later one means that somebody else has the token, and every token of the device ends.

use store::{Batch, StoreError};

use crate::{
    AccountError, Accounts,
    limits::{REFRESH_REUSE_GRACE_MS, TOKEN_BYTES_MAX, WRITE_TRIES_MAX},
    tables::{
        ACCESS_TOKENS, AccessTokenRow, DEVICE_TOKENS, REFRESH_TOKENS, RefreshTokenRow, TokenHash, TokenPair,
    },
    tokens::{self, IssuedTokens},
};

impl Accounts {
    /// Exchanges a refresh token for a new pair.
    pub async fn refresh(&self, token: &str) -> Result<IssuedTokens, AccountError> {
        if token.is_empty() || token.len() > TOKEN_BYTES_MAX {
            return Err(AccountError::UnknownRefreshToken);
        }
        let hash = tokens::hash(token);
        for _ in 0..WRITE_TRIES_MAX {
            let row = self.0.store.get(&REFRESH_TOKENS, &hash).await?;
            let row = row.ok_or(AccountError::UnknownRefreshToken)?;
            self.check_refreshable(&row).await?;
            match self.exchange(&hash, row).await {
                Err(AccountError::Store(StoreError::Conflict)) => {}
                result => return result,
            }
        }
        Err(AccountError::Contended)
    }

    async fn check_refreshable(&self, row: &RefreshTokenRow) -> Result<(), AccountError> {
        let now_ms = self.0.clock.now_ms();
        if row.expires_ms.is_some_and(|expires_ms| expires_ms <= now_ms) {
            return Err(AccountError::ExpiredRefreshToken);
        }
        let user = self.user_row(&row.user).await?.ok_or(AccountError::UnknownRefreshToken)?;
        if user.deactivated {
            return Err(AccountError::UnknownRefreshToken);
        }
        if user.is_locked() {
            return Err(AccountError::UserLocked);
        }
        if row.spent_ms.is_some_and(|spent_ms| now_ms > spent_ms.saturating_add(REFRESH_REUSE_GRACE_MS)) {
            tracing::warn!(user = %row.user, device = %row.device, "a spent refresh token was used again; the session ends");
            self.end_device_tokens(row).await?;
            return Err(AccountError::UnknownRefreshToken);
        }
        Ok(())
    }

    async fn end_device_tokens(&self, row: &RefreshTokenRow) -> Result<(), AccountError> {
        for _ in 0..WRITE_TRIES_MAX {
            let mut batch = Batch::new();
            self.end_tokens(&self.0.store, &mut batch, &row.user, &row.device).await?;
            if self.0.store.try_commit(batch).await?.is_some() {
                return Ok(());
            }
        }
        Err(AccountError::Contended)
    }

    async fn exchange(&self, hash: &TokenHash, row: RefreshTokenRow) -> Result<IssuedTokens, AccountError> {
        let mut batch = Batch::new();
        batch.expect_eq(&REFRESH_TOKENS, hash, &row);
        let mut ended = Vec::new();
        if let (Some(unused), None) = (row.next, row.spent_ms) {
            // The answer that carried this pair was lost: nobody holds it.
            self.delete_token(&mut batch, &row, unused.access, true);
            self.delete_token(&mut batch, &row, unused.refresh, false);
            ended.push(unused.access);
        }
        if let Some(parent) = row.parent {
            // Using this token shows that its pair arrived, as using its access token would.
            ended.extend(self.spend(&mut batch, parent).await?);
        }
        let issued = self.issue_tokens(&mut batch, &row.user, &row.device, Some(*hash), true);
        let next = TokenPair {
            access: tokens::hash(&issued.access_token),
            refresh: tokens::hash(issued.refresh_token.as_deref().unwrap_or_default()),
        };
        let new = RefreshTokenRow { next: Some(next), ..row };
        batch.put(&REFRESH_TOKENS, hash, &new);
        self.forget_tokens_on_commit(&mut batch, ended);
        self.0.store.commit(batch).await?;
        Ok(issued)
    }

    /// The first use of an access token from a refresh: the refresh token behind it is spent now.
    pub(crate) async fn confirm_refresh(
        &self,
        hash: &TokenHash,
        row: &AccessTokenRow,
    ) -> Result<(), StoreError> {
        let Some(parent) = row.confirms else { return Ok(()) };
        let mut batch = Batch::new();
        batch.expect_eq(&ACCESS_TOKENS, hash, row);
        batch.put(&ACCESS_TOKENS, hash, &AccessTokenRow { confirms: None, ..row.clone() });
        let ended = self.spend(&mut batch, parent).await?;
        self.forget_tokens_on_commit(&mut batch, ended);
        match self.0.store.commit(batch).await {
            // Another request of the same token was faster, or a refresh moved on: it did this work.
            Ok(_) | Err(StoreError::Conflict) => Ok(()),
            Err(error) => Err(error),
        }
    }

    /// Marks a refresh token as spent, ends the access token issued with it, and forgets the spent
    /// token before it, so that a session keeps one spent token and not a growing chain.
    async fn spend(&self, batch: &mut Batch, hash: TokenHash) -> Result<Vec<TokenHash>, StoreError> {
        let Some(row) = self.0.store.get(&REFRESH_TOKENS, &hash).await? else { return Ok(Vec::new()) };
        if row.spent_ms.is_some() {
            return Ok(Vec::new());
        }
        batch.expect_eq(&REFRESH_TOKENS, &hash, &row);
        self.delete_token(batch, &row, row.access, true);
        if let Some(grandparent) = row.parent {
            self.delete_token(batch, &row, grandparent, false);
        }
        let ended = vec![row.access];
        let now_ms = self.0.clock.now_ms();
        batch.put(&REFRESH_TOKENS, &hash, &RefreshTokenRow { spent_ms: Some(now_ms), parent: None, ..row });
        Ok(ended)
    }

    fn delete_token(&self, batch: &mut Batch, row: &RefreshTokenRow, hash: TokenHash, is_access: bool) {
        batch.delete(&DEVICE_TOKENS, &(row.user.clone(), row.device.clone(), hash));
        if is_access {
            batch.delete(&ACCESS_TOKENS, &hash);
        } else {
            batch.delete(&REFRESH_TOKENS, &hash);
        }
    }
}
