//! The life of an access token: issued with a device, looked up by hash at each request, ended with
//! the device.

use std::{sync::Arc, time::Duration};

use parking_lot::Mutex;
use ruma::{DeviceId, OwnedDeviceId, OwnedUserId, UserId};
use store::{Batch, Reader, Scan, StoreError};

use crate::{
    Accounts, AuthError,
    limits::{SESSION_CACHE_MS, SESSIONS_CACHED_MAX, TOKEN_BYTES_MAX},
    tables::{
        ACCESS, ACCESS_TOKENS, AccessTokenRow, DEVICE_TOKENS, REFRESH, REFRESH_TOKENS, RefreshTokenRow,
        TokenHash, UserRow,
    },
    tokens::{self, IssuedTokens, TokenKind},
};

/// Who is behind an access token.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Session {
    /// The user.
    pub user: OwnedUserId,
    /// The device.
    pub device: OwnedDeviceId,
    /// Whether the user is a guest.
    pub is_guest: bool,
    /// Whether the user is an administrator of this server.
    pub is_admin: bool,
    /// Whether the account is suspended: it may read and leave, not write.
    pub is_suspended: bool,
    /// Stands for the token itself; see [`Accounts::session_end`].
    pub key: SessionKey,
}

/// Stands for one access token without being one: good to ask whether its session still lives, for
/// nothing else.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct SessionKey(TokenHash);

impl std::fmt::Debug for SessionKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("SessionKey")
    }
}

struct Cached {
    session: Session,
    expires_ms: Option<u64>,
    locked: bool,
}

/// Sessions by token hash, kept for some seconds. A session that ends here is forgotten at once.
pub(crate) struct SessionCache {
    sessions: moka::sync::Cache<TokenHash, Arc<Cached>>,
    /// Counts ended sessions, so that a slow reader does not put one back.
    ended: Mutex<u64>,
}

impl SessionCache {
    pub fn new() -> Self {
        let sessions = moka::sync::Cache::builder()
            .max_capacity(SESSIONS_CACHED_MAX)
            .time_to_live(Duration::from_millis(SESSION_CACHE_MS))
            .build();
        Self { sessions, ended: Mutex::new(0) }
    }

    pub fn forget(&self, hashes: &[TokenHash]) {
        let mut ended = self.ended.lock();
        *ended += 1;
        for hash in hashes {
            self.sessions.invalidate(hash);
        }
    }

    /// After a change of an account's flags; rare, so everybody's next request asks the store.
    pub fn forget_all(&self) {
        let mut ended = self.ended.lock();
        *ended += 1;
        self.sessions.invalidate_all();
    }
}

impl Accounts {
    /// The session of an access token. An empty token is refused before any look-up.
    pub async fn authenticate(&self, token: &str) -> Result<Session, AuthError> {
        match self.session_of(token).await? {
            (_, true) => Err(AuthError::Locked),
            (session, false) => Ok(session),
        }
    }

    /// The same, also for a locked account: it may still log out.
    /// [Account locking](https://spec.matrix.org/v1.19/client-server-api/#account-locking)
    pub async fn authenticate_to_log_out(&self, token: &str) -> Result<Session, AuthError> {
        Ok(self.session_of(token).await?.0)
    }

    /// The session of a token, and whether its account is locked.
    async fn session_of(&self, token: &str) -> Result<(Session, bool), AuthError> {
        if token.is_empty() {
            return Err(AuthError::Missing);
        }
        if token.len() > TOKEN_BYTES_MAX {
            return Err(AuthError::Unknown);
        }
        let cached = self.cached_session(&tokens::hash(token)).await?;
        Ok((cached.session.clone(), cached.locked))
    }

    async fn cached_session(&self, hash: &TokenHash) -> Result<Arc<Cached>, AuthError> {
        let cached = match self.0.sessions.sessions.get(hash) {
            Some(cached) => cached,
            None => self.load_session(hash).await?,
        };
        if cached.expires_ms.is_some_and(|expires_ms| expires_ms <= self.0.clock.now_ms()) {
            return Err(AuthError::Expired);
        }
        Ok(cached)
    }

    /// Waits until the session ends: by log-out, by the end of its device or account, by a lock. Returns
    /// what a request of it would then be told. For long polls, which must not outlive their session.
    /// A token that merely expires is noticed by its next request.
    pub async fn session_end(&self, session: &Session) -> AuthError {
        let mut waiter = self.0.endings.subscribe(&session.user, Some(&session.device));
        loop {
            match self.cached_session(&session.key.0).await {
                Ok(cached) if cached.locked => return AuthError::Locked,
                Ok(_) | Err(AuthError::Expired) => {}
                Err(error) => return error,
            }
            waiter.changed().await;
        }
    }

    /// These tokens of the user are void from now on: forget them and end the long polls behind them.
    pub(crate) fn sessions_ended(&self, user: &UserId, hashes: &[TokenHash]) {
        self.0.sessions.forget(hashes);
        if !hashes.is_empty() {
            self.0.endings.wake_user(user);
        }
    }

    /// The flags of an account have changed: look at all its sessions anew.
    pub(crate) fn sessions_changed(&self, user: &UserId) {
        self.0.sessions.forget_all();
        self.0.endings.wake_user(user);
    }

    async fn load_session(&self, hash: &TokenHash) -> Result<Arc<Cached>, AuthError> {
        let ended = *self.0.sessions.ended.lock();
        let row = self.0.store.get(&ACCESS_TOKENS, hash).await?.ok_or(AuthError::Unknown)?;
        let user = self.user_row(&row.user).await?.ok_or(AuthError::Unknown)?;
        if user.deactivated {
            return Err(AuthError::Unknown);
        }
        let expired = row.expires_ms.is_some_and(|expires_ms| expires_ms <= self.0.clock.now_ms());
        if row.confirms.is_some() && !expired {
            self.confirm_refresh(hash, &row).await?;
        }
        let cached = Arc::new(Cached::new(hash, &row, &user));
        let now_ended = self.0.sessions.ended.lock();
        if *now_ended == ended {
            self.0.sessions.sessions.insert(*hash, Arc::clone(&cached));
        }
        Ok(cached)
    }

    /// Adds the tokens of a session to `batch`.
    pub(crate) fn issue_tokens(
        &self,
        batch: &mut Batch,
        user: &UserId,
        device: &DeviceId,
        replaces: Option<TokenHash>,
        refreshable: bool,
    ) -> IssuedTokens {
        let now_ms = self.0.clock.now_ms();
        let access_token = tokens::generate(&self.0.rng, TokenKind::Access);
        let access = tokens::hash(&access_token);
        let lifetime_ms = self.0.settings.access_token_lifetime_ms;
        let row = AccessTokenRow {
            user: user.to_owned(),
            device: device.to_owned(),
            expires_ms: refreshable.then(|| now_ms.saturating_add(lifetime_ms)),
            confirms: replaces,
        };
        batch.put(&ACCESS_TOKENS, &access, &row);
        batch.put(&DEVICE_TOKENS, &(user.to_owned(), device.to_owned(), access), &ACCESS);
        if !refreshable {
            return IssuedTokens { access_token, refresh_token: None, expires_in_ms: None };
        }
        let refresh_token = tokens::generate(&self.0.rng, TokenKind::Refresh);
        let refresh = tokens::hash(&refresh_token);
        let expires_ms = self.0.settings.refresh_token_lifetime_ms;
        let row = RefreshTokenRow {
            user: user.to_owned(),
            device: device.to_owned(),
            expires_ms: expires_ms.map(|lifetime_ms| now_ms.saturating_add(lifetime_ms)),
            access,
            parent: replaces,
            next: None,
            spent_ms: None,
        };
        batch.put(&REFRESH_TOKENS, &refresh, &row);
        batch.put(&DEVICE_TOKENS, &(user.to_owned(), device.to_owned(), refresh), &REFRESH);
        IssuedTokens { access_token, refresh_token: Some(refresh_token), expires_in_ms: Some(lifetime_ms) }
    }

    /// Adds the end of all tokens of a device to `batch`; the returned hashes must be forgotten after
    /// the commit.
    pub(crate) async fn end_tokens(
        &self,
        reader: &Reader,
        batch: &mut Batch,
        user: &UserId,
        device: &DeviceId,
    ) -> Result<Vec<TokenHash>, StoreError> {
        let prefix = (user.to_owned(), device.to_owned());
        let rows = reader.scan(&DEVICE_TOKENS, Scan::prefix(&prefix)).await?;
        let mut hashes = Vec::with_capacity(rows.len());
        for (key, kind) in rows {
            batch.delete(&DEVICE_TOKENS, &key);
            if kind == REFRESH {
                // A refresh at the same moment would issue tokens that this scan has not seen.
                if let Some(row) = reader.get(&REFRESH_TOKENS, &key.2).await? {
                    batch.expect_eq(&REFRESH_TOKENS, &key.2, &row);
                }
                batch.delete(&REFRESH_TOKENS, &key.2);
            } else {
                batch.delete(&ACCESS_TOKENS, &key.2);
            }
            hashes.push(key.2);
        }
        Ok(hashes)
    }
}

impl Cached {
    fn new(hash: &TokenHash, row: &AccessTokenRow, user: &UserRow) -> Self {
        let session = Session {
            user: row.user.clone(),
            device: row.device.clone(),
            is_guest: user.guest,
            is_admin: user.admin,
            is_suspended: user.suspended,
            key: SessionKey(*hash),
        };
        Self { session, expires_ms: row.expires_ms, locked: user.locked }
    }
}
