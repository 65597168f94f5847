//! Which sessions an identity provider opened, so that it can end them.
//!
//! A row hangs on each device that was logged in by single sign-on. It goes with the device, and with a login
//! of the device by other means.

use ruma::{DeviceId, OwnedDeviceId, OwnedUserId, UserId};
use store::{Batch, Reader, Scan, StoreError};

use crate::{
    AccountError, Accounts, ExternalId,
    limits::{DEVICES_PER_USER_MAX, SESSIONS_PER_SID_MAX},
    tables::{SESSION_ORIGINS, SESSIONS_BY_SID, SessionOriginRow},
};

impl Accounts {
    /// Ends the sessions that a provider opened: all of a person, all of one session (`sid`) of the provider, or those
    /// that are both. How many devices went.
    ///
    /// # Errors
    /// As for [`Accounts::remove_devices`].
    pub(crate) async fn end_sessions_of_provider(
        &self,
        provider: &str,
        subject: Option<&str>,
        sid: Option<&str>,
    ) -> Result<usize, AccountError> {
        let mut by_user: Vec<(OwnedUserId, Vec<OwnedDeviceId>)> = Vec::new();
        if let Some(subject) = subject {
            let id = ExternalId { provider: provider.to_owned(), subject: subject.to_owned() };
            if let Some(user) = self.user_of_external_id(&id).await? {
                let scan = Scan::prefix(&user).limit(DEVICES_PER_USER_MAX);
                let rows = self.0.store.scan(&SESSION_ORIGINS, scan).await?;
                let fits = |row: &SessionOriginRow| {
                    row.provider == provider
                        && row.subject == subject
                        && sid.is_none_or(|sid| row.sid.as_deref() == Some(sid))
                };
                let devices = rows.into_iter().filter(|(_, row)| fits(row)).map(|((_, device), _)| device);
                by_user.push((user, devices.collect()));
            }
        } else if let Some(sid) = sid {
            let scan = Scan::prefix(&(provider.to_owned(), sid.to_owned())).limit(SESSIONS_PER_SID_MAX);
            for (_, _, user, device) in self.0.store.scan_keys(&SESSIONS_BY_SID, scan).await? {
                match by_user.last_mut() {
                    Some((last, devices)) if *last == user => devices.push(device),
                    Some(_) | None => by_user.push((user, vec![device])),
                }
            }
        }
        let mut ended = 0;
        for (user, devices) in by_user {
            self.remove_devices(&user, &devices).await?;
            ended += devices.len();
        }
        Ok(ended)
    }

    /// Notes in `batch` who opened the session of a device.
    pub(crate) fn add_session_origin(
        &self,
        batch: &mut Batch,
        user: &UserId,
        device: &DeviceId,
        origin: &SessionOriginRow,
    ) {
        let key = (user.to_owned(), device.to_owned());
        batch.put(&SESSION_ORIGINS, &key, origin);
        if let Some(sid) = &origin.sid {
            let key = (origin.provider.clone(), sid.clone(), key.0, key.1);
            batch.put(&SESSIONS_BY_SID, &key, &());
        }
    }

    /// Adds to `batch` that no provider has a hand in this device any longer.
    pub(crate) async fn delete_session_origin(
        &self,
        reader: &Reader,
        batch: &mut Batch,
        user: &UserId,
        device: &DeviceId,
    ) -> Result<(), StoreError> {
        let key = (user.to_owned(), device.to_owned());
        let Some(row) = reader.get(&SESSION_ORIGINS, &key).await? else { return Ok(()) };
        batch.delete(&SESSION_ORIGINS, &key);
        if let Some(sid) = row.sid {
            batch.delete(&SESSIONS_BY_SID, &(row.provider, sid, key.0, key.1));
        }
        Ok(())
    }
}
