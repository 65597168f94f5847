//! Logging in: by password, by one-time token, and the session that follows.

use ruma::{OwnedDeviceId, OwnedUserId, UserId};
use store::{Batch, Scan, StoreError};

use crate::{
    AccountError, Accounts,
    devices::check_device_name,
    limits::{DEVICE_ID_BYTES_MAX, DEVICES_PER_USER_MAX, TOKEN_BYTES_MAX, WRITE_TRIES_MAX},
    tables::{
        ACCESS_TOKENS, AccessTokenRow, DEVICES, DeviceRow, LOGIN_TOKENS, LoginTokenRow, PASSWORDS, TokenHash,
        USERS, UserRow,
    },
    tokens::{self, IssuedTokens, TokenKind},
};

/// Letters of a device id that the server chooses.
const DEVICE_ID_LENGTH: usize = 10;

/// Who wants to log in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LoginName {
    /// A user id or its localpart.
    User(String),
    /// An e-mail address.
    Email(String),
    /// A telephone number or something stranger: nobody here is known by one.
    ThirdParty,
}

/// On which device a session is wanted.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DeviceChoice {
    /// The device; a new one when absent.
    pub id: Option<OwnedDeviceId>,
    /// The name of a new device; a device that exists keeps its own.
    pub display_name: Option<String>,
    /// Whether the client can refresh tokens.
    pub refreshable: bool,
}

/// A session that was just opened.
#[derive(Clone)]
pub struct LoggedIn {
    /// The user.
    pub user: OwnedUserId,
    /// The device.
    pub device: OwnedDeviceId,
    /// The tokens, once.
    pub tokens: IssuedTokens,
}

impl Accounts {
    /// Logs in by password.
    pub async fn login_with_password(
        &self,
        name: &LoginName,
        password: &str,
        device: &DeviceChoice,
    ) -> Result<LoggedIn, AccountError> {
        if !self.0.settings.password_login {
            return Err(AccountError::LoginUnsupported);
        }
        let found = self.find(name).await?;
        let hash = match &found {
            Some((user, _)) => self.0.store.get(&PASSWORDS, user).await?,
            None => None,
        };
        let fits = self.0.passwords.verify(password, hash).await?;
        match found {
            Some((_, row)) if row.deactivated => Err(AccountError::UserDeactivated),
            Some((_, row)) if fits && row.is_locked() => Err(AccountError::UserLocked),
            Some((user, _)) if fits => self.open_session(&user, device, None).await,
            _ => Err(AccountError::WrongCredentials),
        }
    }

    /// Logs in by the one-time token of [`Accounts::create_login_token`].
    pub async fn login_with_token(
        &self,
        token: &str,
        device: &DeviceChoice,
    ) -> Result<LoggedIn, AccountError> {
        if !self.0.settings.login_token {
            return Err(AccountError::LoginUnsupported);
        }
        if token.is_empty() || token.len() > TOKEN_BYTES_MAX {
            return Err(AccountError::WrongCredentials);
        }
        let hash = tokens::hash(token);
        let row = self.0.store.get(&LOGIN_TOKENS, &hash).await?.ok_or(AccountError::WrongCredentials)?;
        if row.expires_ms <= self.0.clock.now_ms() {
            let mut batch = Batch::new();
            Self::delete_login_token(&mut batch, hash, &row);
            self.0.store.commit(batch).await?;
            return Err(AccountError::WrongCredentials);
        }
        let user = row.user.clone();
        self.open_session(&user, device, Some((hash, row))).await
    }

    /// A one-time token that logs this user in on another device, and its life in ms.
    pub async fn create_login_token(&self, user: &UserId) -> Result<(String, u64), AccountError> {
        if !self.0.settings.login_token {
            return Err(AccountError::LoginUnsupported);
        }
        let token = tokens::generate(&self.0.rng, TokenKind::Login);
        let lifetime_ms = self.0.settings.login_token_lifetime_ms;
        let row = LoginTokenRow {
            user: user.to_owned(),
            expires_ms: self.0.clock.now_ms().saturating_add(lifetime_ms),
            origin: None,
            vouched_ms: 0,
        };
        self.keep_login_token(&token, &row).await?;
        Ok((token, lifetime_ms))
    }

    /// A session of a user for an administrator, without the user's password, as long as `expires_ms`
    /// says. It is a device like any other, and the user sees it in the list.
    pub async fn login_for_administrator(
        &self,
        user: &UserId,
        device: &DeviceChoice,
        expires_ms: Option<u64>,
    ) -> Result<LoggedIn, AccountError> {
        if !self.exists(&self.0.store, user).await? {
            return Err(AccountError::UnknownUser);
        }
        let logged_in = self.open_session(user, device, None).await?;
        if let Some(expires_ms) = expires_ms {
            self.limit_token(&logged_in.tokens.access_token, expires_ms).await?;
        }
        Ok(logged_in)
    }

    /// Gives a token that was just issued an end.
    async fn limit_token(&self, token: &str, expires_ms: u64) -> Result<(), AccountError> {
        let hash = tokens::hash(token);
        let row = self.0.store.get(&ACCESS_TOKENS, &hash).await?.ok_or(AccountError::Contended)?;
        let mut batch = Batch::new();
        batch.expect_eq(&ACCESS_TOKENS, &hash, &row);
        batch.put(&ACCESS_TOKENS, &hash, &AccessTokenRow { expires_ms: Some(expires_ms), ..row });
        self.0.store.commit(batch).await?;
        Ok(())
    }

    /// Whether the user can log in by a password at all.
    pub(crate) async fn has_password(&self, user: &UserId) -> Result<bool, StoreError> {
        self.0.store.exists(&PASSWORDS, user).await
    }

    /// Whether this is the user's password. An account without one has no password that fits.
    pub async fn is_password(&self, user: &UserId, password: &str) -> Result<bool, AccountError> {
        let hash = self.0.store.get(&PASSWORDS, &user.to_owned()).await?;
        self.0.passwords.verify(password, hash).await
    }

    /// The local user that a login name means: exactly as written first (a migrated account may have
    /// capitals), in small letters second.
    pub async fn resolve_login_name(&self, name: &LoginName) -> Result<Option<OwnedUserId>, StoreError> {
        Ok(self.find(name).await?.map(|(user, _)| user))
    }

    async fn find(&self, name: &LoginName) -> Result<Option<(OwnedUserId, UserRow)>, StoreError> {
        let name = match name {
            LoginName::User(name) => name.clone(),
            LoginName::Email(address) => match self.owner_of_address(address).await? {
                Some(owner) => owner.to_string(),
                None => return Ok(None),
            },
            LoginName::ThirdParty => return Ok(None),
        };
        let id = if name.starts_with('@') { name.clone() } else { format!("@{name}:{}", self.0.server_name) };
        for id in [id.clone(), id.to_ascii_lowercase()] {
            let Ok(user) = UserId::parse(id) else { continue };
            if !self.is_local(&user) {
                continue;
            }
            if let Some(row) = self.user_row(&user).await? {
                return Ok(Some((user, row)));
            }
        }
        Ok(None)
    }

    pub(crate) async fn open_session(
        &self,
        user: &UserId,
        choice: &DeviceChoice,
        spends: Option<(TokenHash, LoginTokenRow)>,
    ) -> Result<LoggedIn, AccountError> {
        for _ in 0..WRITE_TRIES_MAX {
            let row = self.user_row(user).await?.ok_or(AccountError::WrongCredentials)?;
            if row.deactivated {
                return Err(AccountError::UserDeactivated);
            }
            if row.is_locked() {
                return Err(AccountError::UserLocked);
            }
            let mut batch = Batch::new();
            // An account that is closed at this moment opens no session.
            batch.expect_eq(&USERS, &user.to_owned(), &row);
            if let Some((hash, row)) = &spends {
                match self.0.store.get(&LOGIN_TOKENS, hash).await? {
                    Some(now) if now == *row => {}
                    _ => return Err(AccountError::WrongCredentials),
                }
                batch.expect_eq(&LOGIN_TOKENS, hash, row);
                Self::delete_login_token(&mut batch, *hash, row);
                if let Some(origin) = &row.origin {
                    self.expect_not_ended(&mut batch, origin, row.vouched_ms).await?;
                }
            }
            let (device, tokens) = self.add_session(&mut batch, user, choice).await?;
            if let Some(origin) = spends.as_ref().and_then(|(_, row)| row.origin.as_ref()) {
                self.add_session_origin(&mut batch, user, &device, origin);
            }
            match self.0.store.commit(batch).await {
                Ok(_) => return Ok(LoggedIn { user: user.to_owned(), device, tokens }),
                Err(StoreError::Conflict) => {}
                Err(error) => return Err(error.into()),
            }
        }
        Err(AccountError::Contended)
    }

    /// Adds a device (or a new login of it) and its tokens to `batch`. Logging in on a device that
    /// exists ends its former tokens.
    pub(crate) async fn add_session(
        &self,
        batch: &mut Batch,
        user: &UserId,
        choice: &DeviceChoice,
    ) -> Result<(OwnedDeviceId, IssuedTokens), AccountError> {
        check_device_name(choice.display_name.as_deref())?;
        let device = match &choice.id {
            Some(id) => checked_device_id(id)?,
            None => OwnedDeviceId::from(self.0.rng.string(DEVICE_ID_LENGTH).to_ascii_uppercase()),
        };
        let key = (user.to_owned(), device.clone());
        match self.0.store.get(&DEVICES, &key).await? {
            Some(old) => {
                batch.expect_eq(&DEVICES, &key, &old);
                batch.put(&DEVICES, &key, &DeviceRow { logins: old.logins + 1, ..old });
                self.end_tokens(&self.0.store, batch, user, &device).await?;
                self.delete_session_origin(&self.0.store, batch, user, &device).await?;
            }
            None => {
                self.check_device_count(user).await?;
                let row = DeviceRow {
                    display_name: choice.display_name.clone(),
                    created_ms: self.0.clock.now_ms(),
                    logins: 1,
                };
                batch.expect_absent(&DEVICES, &key);
                batch.put(&DEVICES, &key, &row);
            }
        }
        let tokens = self.issue_tokens(batch, user, &device, None, choice.refreshable);
        Ok((device, tokens))
    }

    pub(crate) async fn check_device_count(&self, user: &UserId) -> Result<(), AccountError> {
        let scan = Scan::prefix(&user.to_owned()).limit(DEVICES_PER_USER_MAX);
        let rows = self.0.store.scan(&DEVICES, scan).await?;
        if rows.len() >= DEVICES_PER_USER_MAX { Err(AccountError::TooManyDevices) } else { Ok(()) }
    }
}

pub(crate) fn checked_device_id(id: &OwnedDeviceId) -> Result<OwnedDeviceId, AccountError> {
    let text = id.as_str();
    if text.is_empty() || text.len() > DEVICE_ID_BYTES_MAX || text.chars().any(char::is_control) {
        return Err(AccountError::InvalidParameter("the device id is empty, too long or has control signs"));
    }
    Ok(id.clone())
}
