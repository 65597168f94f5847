//! The life of an access token: issued with a device, looked up by hash at each request, ended with
//! the device.

use std::{sync::Arc, time::Duration};

use model::StreamPos;
use ruma::{DeviceId, OwnedDeviceId, OwnedUserId, UserId};
use store::{Batch, Commit, Reader, Scan, StoreError};

use crate::{
    Accounts, AuthError,
    cache::Changes,
    endings::SessionEnd,
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
    /// The device; none where an application service names none.
    pub device: Option<OwnedDeviceId>,
    /// Whether the user is a guest.
    pub is_guest: bool,
    /// Whether the user is an administrator of this server.
    pub is_admin: bool,
    /// Whether the account is suspended: it may read and leave, not write.
    pub is_suspended: bool,
    /// Whether the user is a visitor: here for some rooms, and nothing else.
    pub is_visitor: bool,
    /// Stands for the token itself; see [`Accounts::watch_session`].
    pub key: SessionKey,
}

/// Stands for one access token without being one: good to ask whether its session still lives, for
/// nothing else.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct SessionKey(Option<TokenHash>);

impl SessionKey {
    /// The key of a service's session, behind which there is no token of ours.
    pub(crate) fn of_service() -> Self {
        Self(None)
    }
}

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
    changes: Changes,
}

impl SessionCache {
    pub fn new() -> Self {
        let sessions = moka::sync::Cache::builder()
            .max_capacity(SESSIONS_CACHED_MAX)
            .time_to_live(Duration::from_millis(SESSION_CACHE_MS))
            .build();
        Self { sessions, changes: Changes::default() }
    }

    fn forget(&self, commit: &Commit, hashes: &[TokenHash]) {
        self.changes.note(commit, || hashes.iter().for_each(|hash| self.sessions.invalidate(hash)));
    }

    /// At a change of an account's flags; rare, so everybody's next request asks the store.
    fn forget_all(&self, commit: &Commit) {
        self.changes.note(commit, || self.sessions.invalidate_all());
    }

    /// Whether a reader that began at the frontier `seen` saw the end of every session that has ended.
    pub fn has_all_changes(&self, seen: StreamPos) -> bool {
        self.changes.all_seen(seen)
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

    /// What a request of the session would be told now. A token that merely expired passes.
    pub(crate) async fn check_session(&self, session: &Session) -> Result<(), AuthError> {
        let Some(hash) = &session.key.0 else { return Ok(()) };
        match self.cached_session(hash).await {
            Ok(cached) if cached.locked => Err(AuthError::Locked),
            Ok(_) | Err(AuthError::Expired) => Ok(()),
            Err(error) => Err(error),
        }
    }

    /// These tokens are void once the batch is durable.
    pub(crate) fn forget_tokens_on_commit(&self, batch: &mut Batch, hashes: Vec<TokenHash>) {
        if !hashes.is_empty() {
            let accounts = self.clone();
            batch.on_commit(move |commit| accounts.0.sessions.forget(commit, &hashes));
        }
    }

    /// The flags of an account change with the batch: look at all sessions anew, and end the user's long polls if the
    /// account is `closed`.
    pub(crate) fn forget_sessions_on_commit(
        &self,
        batch: &mut Batch,
        user: &UserId,
        closed: Option<SessionEnd>,
    ) {
        let accounts = self.clone();
        batch.on_commit(move |commit| accounts.0.sessions.forget_all(commit));
        if let Some(how) = closed {
            self.end_polls_on_commit(batch, user, None, how);
        }
    }

    async fn load_session(&self, hash: &TokenHash) -> Result<Arc<Cached>, AuthError> {
        let seen = self.0.store.frontier();
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
        let sessions = &self.0.sessions;
        sessions.changes.keep_unless_stale(seen, || sessions.sessions.insert(*hash, Arc::clone(&cached)));
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

    /// Adds the end of all tokens of a device to `batch`, and of the long polls behind them.
    pub(crate) async fn end_tokens(
        &self,
        reader: &Reader,
        batch: &mut Batch,
        user: &UserId,
        device: &DeviceId,
    ) -> Result<(), StoreError> {
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
        self.forget_tokens_on_commit(batch, hashes);
        self.end_polls_on_commit(batch, user, Some(device), SessionEnd::LoggedOut);
        Ok(())
    }
}

impl Cached {
    fn new(hash: &TokenHash, row: &AccessTokenRow, user: &UserRow) -> Self {
        let session = Session {
            user: row.user.clone(),
            device: Some(row.device.clone()),
            is_guest: user.guest,
            is_admin: user.admin,
            is_suspended: user.is_suspended(),
            is_visitor: user.is_visitor(),
            key: SessionKey(Some(*hash)),
        };
        Self { session, expires_ms: row.expires_ms, locked: user.is_locked() }
    }
}
