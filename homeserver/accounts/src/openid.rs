//! OpenID tokens: a user shows one to a third party, who asks this server whose it is.
//!
//! [OpenID](https://spec.matrix.org/v1.19/client-server-api/#openid). Stored as hashes like every token,
//! and good for nothing else: no request of a client is allowed by one.

use ruma::{OwnedUserId, UserId};
use store::{Batch, Scan, StoreError};

use crate::{
    AccountError, Accounts,
    limits::{OPENID_TOKEN_MS, OPENID_TOKENS_DROPPED_MAX, TOKEN_BYTES_MAX},
    tables::{OPENID_TOKENS, OPENID_TOKENS_BY_AGE},
    tokens::{self, TokenKind},
};

impl Accounts {
    /// A new token that vouches for the user, and its life in ms.
    pub async fn create_openid_token(&self, user: &UserId) -> Result<(String, u64), AccountError> {
        let token = tokens::generate(&self.0.rng, TokenKind::OpenId);
        let hash = tokens::hash(&token);
        let expires_ms = self.0.clock.now_ms().saturating_add(OPENID_TOKEN_MS);
        let mut batch = Batch::new();
        batch.put(&OPENID_TOKENS, &hash, &(user.to_owned(), expires_ms));
        batch.put(&OPENID_TOKENS_BY_AGE, &(expires_ms, hash), &());
        self.0.store.commit(batch).await?;
        Ok((token, OPENID_TOKEN_MS))
    }

    /// For whom an OpenID token vouches; nobody when it is unknown or expired, or when the account was
    /// closed or locked since.
    pub async fn openid_user(&self, token: &str) -> Result<Option<OwnedUserId>, StoreError> {
        if token.is_empty() || token.len() > TOKEN_BYTES_MAX {
            return Ok(None);
        }
        let row = self.0.store.get(&OPENID_TOKENS, &tokens::hash(token)).await?;
        let Some((user, _)) = row.filter(|(_, expires_ms)| self.0.clock.now_ms() < *expires_ms) else {
            return Ok(None);
        };
        let status = self.status(&self.0.store, &user).await?;
        Ok(status.is_some_and(|status| !status.deactivated && !status.locked).then_some(user))
    }

    /// Drops expired tokens, some at a time. Returns how many; call again while that is not 0.
    pub async fn forget_expired_openid_tokens(&self) -> Result<usize, StoreError> {
        let now = (self.0.clock.now_ms(), [0; 32]);
        let scan = Scan::all().until(&now).limit(OPENID_TOKENS_DROPPED_MAX);
        let expired = self.0.store.scan_keys(&OPENID_TOKENS_BY_AGE, scan).await?;
        if expired.is_empty() {
            return Ok(0);
        }
        let mut batch = Batch::new();
        for key in &expired {
            batch.delete(&OPENID_TOKENS, &key.1);
            batch.delete(&OPENID_TOKENS_BY_AGE, key);
        }
        self.0.store.commit(batch).await?;
        Ok(expired.len())
    }
}
