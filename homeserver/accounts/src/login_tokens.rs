//! One-time login tokens as rows: kept until they are spent or die, swept by their age.
//!
//! Who gets one, and what it opens, is decided by `login` and `sign_ons`.

use store::{Batch, Scan, StoreError};

use crate::{
    Accounts,
    limits::LOGIN_TOKENS_PER_PAGE,
    tables::{LOGIN_TOKENS, LOGIN_TOKENS_BY_AGE, LoginTokenRow, TokenHash},
    tokens,
};

impl Accounts {
    /// Keeps a token that was just made.
    pub(crate) async fn keep_login_token(&self, token: &str, row: &LoginTokenRow) -> Result<(), StoreError> {
        let hash = tokens::hash(token);
        let mut batch = Batch::new();
        batch.put(&LOGIN_TOKENS, &hash, row);
        batch.put(&LOGIN_TOKENS_BY_AGE, &(row.expires_ms, hash), &());
        self.0.store.commit(batch).await?;
        Ok(())
    }

    /// Adds to `batch` that a token is gone.
    pub(crate) fn delete_login_token(batch: &mut Batch, hash: TokenHash, row: &LoginTokenRow) {
        batch.delete(&LOGIN_TOKENS, &hash);
        batch.delete(&LOGIN_TOKENS_BY_AGE, &(row.expires_ms, hash));
    }

    /// Drops tokens that nobody spent in time; how many. Asked again until it answers 0.
    ///
    /// # Errors
    /// The store's own.
    pub async fn forget_login_tokens(&self) -> Result<usize, StoreError> {
        let keys =
            self.0.store.scan_keys(&LOGIN_TOKENS_BY_AGE, Scan::all().limit(LOGIN_TOKENS_PER_PAGE)).await?;
        let now_ms = self.0.clock.now_ms();
        let mut batch = Batch::new();
        let mut dropped = 0;
        for key in keys.into_iter().take_while(|(expires_ms, _)| *expires_ms <= now_ms) {
            batch.delete(&LOGIN_TOKENS, &key.1);
            batch.delete(&LOGIN_TOKENS_BY_AGE, &key);
            dropped += 1;
        }
        if dropped > 0 {
            self.0.store.commit(batch).await?;
        }
        Ok(dropped)
    }
}
