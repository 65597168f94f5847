//! What an application service may do with the accounts it acts for: make them, be them, make their devices.
//!
//! Whether an account is one of a service's is decided before anybody calls this; these functions check what holds for
//! every account.

use ruma::{DeviceId, OwnedUserId, UserId};
use store::{Batch, StoreError};

use crate::{
    AccountError, Accounts, AuthError, DeviceChoice, LoggedIn, NewUser, Registered, Session,
    devices::check_device_name,
    limits::WRITE_TRIES_MAX,
    login::checked_device_id,
    sessions::SessionKey,
    tables::{DEVICES, DeviceRow},
};

impl Accounts {
    /// The session of a service that acts for a user, for one request. It never ends by itself.
    ///
    /// # Errors
    /// [`AuthError::Unknown`] when there is no such account or it was closed, [`AuthError::Locked`] when it is locked.
    pub async fn session_for_service(
        &self,
        user: &UserId,
        device: Option<&DeviceId>,
    ) -> Result<Session, AuthError> {
        let row = self.user_row(user).await?.filter(|row| !row.deactivated).ok_or(AuthError::Unknown)?;
        if row.is_locked() {
            return Err(AuthError::Locked);
        }
        Ok(Session {
            user: user.to_owned(),
            device: device.map(ToOwned::to_owned),
            is_guest: row.guest,
            is_admin: row.admin,
            is_suspended: row.is_suspended(),
            is_visitor: row.is_visitor(),
            key: SessionKey::of_service(),
        })
    }

    /// Makes an account for a service, whatever the settings say about registration; with a first session unless
    /// none is wanted.
    ///
    /// # Errors
    /// The name breaks the grammar or is taken.
    pub async fn register_for_service(
        &self,
        localpart: String,
        session: Option<DeviceChoice>,
    ) -> Result<Registered, AccountError> {
        let new = NewUser { localpart, password: None, admin: false, display_name: None };
        self.create_with(new, session, None).await
    }

    /// Makes the own user of a service when there is none yet.
    ///
    /// # Errors
    /// The store's own.
    pub async fn ensure_service_user(&self, user: &UserId) -> Result<(), AccountError> {
        if self.exists(&self.0.store, user).await? {
            return Ok(());
        }
        match self.register_for_service(user.localpart().to_owned(), None).await {
            Ok(_) | Err(AccountError::UserInUse) => Ok(()),
            Err(error) => Err(error),
        }
    }

    /// Opens a session of a user for a service.
    ///
    /// # Errors
    /// There is no such account, or it is closed.
    pub async fn login_for_service(
        &self,
        user: &UserId,
        device: &DeviceChoice,
    ) -> Result<LoggedIn, AccountError> {
        self.open_session(user, device, None).await
    }

    /// The user of an id or a localpart that a service names at log-in.
    ///
    /// # Errors
    /// The store's own.
    pub async fn user_for_service(&self, name: &str) -> Result<Option<OwnedUserId>, StoreError> {
        self.resolve_login_name(&crate::LoginName::User(name.to_owned())).await
    }

    /// Makes a device without a token, or gives the one that is there this name; whether it was made (MSC4190).
    ///
    /// # Errors
    /// The id or the name cannot be one, or the user has as many devices as allowed.
    pub async fn put_device(
        &self,
        user: &UserId,
        device: &DeviceId,
        name: Option<&str>,
    ) -> Result<bool, AccountError> {
        check_device_name(name)?;
        let key = (user.to_owned(), checked_device_id(&device.to_owned())?);
        for _ in 0..WRITE_TRIES_MAX {
            if self.device_exists(&self.0.store, user, device).await? {
                if name.is_some() {
                    self.rename_device(user, device, name).await?;
                }
                return Ok(false);
            }
            self.check_device_count(user).await?;
            let row = DeviceRow {
                display_name: name.map(str::to_owned),
                created_ms: self.0.clock.now_ms(),
                logins: 1,
            };
            let mut batch = Batch::new();
            batch.expect_absent(&DEVICES, &key);
            batch.put(&DEVICES, &key, &row);
            if self.0.store.try_commit(batch).await?.is_some() {
                return Ok(true);
            }
        }
        Err(AccountError::Contended)
    }
}
