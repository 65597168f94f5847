//! Devices as other domains need them inside a batch of their own: that a device is still there, what devices are
//! called, and devices that nobody is logged in on (dehydrated devices, MSC3814).

use std::collections::BTreeMap;

use ruma::{DeviceId, OwnedDeviceId, UserId};
use store::{Batch, Reader, Scan, StoreError};

use crate::{
    AccountError, Accounts,
    devices::check_device_name,
    limits::{DEVICE_ID_BYTES_MAX, DEVICES_PER_USER_MAX},
    tables::{DEVICES, DeviceRow},
};

impl Accounts {
    /// The devices of a user and what they are called, without a look at when they were seen.
    pub async fn device_names(
        &self,
        reader: &Reader,
        user: &UserId,
    ) -> Result<BTreeMap<OwnedDeviceId, Option<String>>, StoreError> {
        let rows = reader.scan(&DEVICES, Scan::prefix(user).limit(DEVICES_PER_USER_MAX)).await?;
        Ok(rows.into_iter().map(|((_, device), row)| (device, row.display_name)).collect())
    }

    /// Demands in the batch that the device is still there and unchanged; false when it is gone already. What hangs
    /// on a device must not be written after the device was deleted.
    pub async fn expect_device(
        &self,
        reader: &Reader,
        batch: &mut Batch,
        user: &UserId,
        device: &DeviceId,
    ) -> Result<bool, StoreError> {
        let key = (user.to_owned(), device.to_owned());
        let Some(row) = reader.get(&DEVICES, &key).await? else { return Ok(false) };
        batch.expect_eq(&DEVICES, &key, &row);
        Ok(true)
    }

    /// Puts a new device into the batch on which nobody is logged in, on condition that there is none of its id.
    ///
    /// # Errors
    /// [`AccountError::InvalidParameter`] for an id that is taken, empty or too long; [`AccountError::TooManyDevices`].
    pub async fn add_unattended_device(
        &self,
        reader: &Reader,
        batch: &mut Batch,
        user: &UserId,
        device: &DeviceId,
        display_name: Option<&str>,
    ) -> Result<(), AccountError> {
        let text = device.as_str();
        if text.is_empty() || text.len() > DEVICE_ID_BYTES_MAX || text.chars().any(char::is_control) {
            return Err(AccountError::InvalidParameter(
                "the device id is empty, too long or has control signs",
            ));
        }
        check_device_name(display_name)?;
        let key = (user.to_owned(), device.to_owned());
        if reader.exists(&DEVICES, &key).await? {
            return Err(AccountError::InvalidParameter(
                "a device of this id exists already; choose another id",
            ));
        }
        if reader.count(&DEVICES, Scan::prefix(user).limit(DEVICES_PER_USER_MAX)).await?
            >= DEVICES_PER_USER_MAX
        {
            return Err(AccountError::TooManyDevices);
        }
        let row = DeviceRow {
            display_name: display_name.map(str::to_owned),
            created_ms: self.0.clock.now_ms(),
            logins: 0,
        };
        batch.expect_absent(&DEVICES, &key);
        batch.put(&DEVICES, &key, &row);
        Ok(())
    }

    /// Puts the deletion of a device on which nobody is logged in into the batch, with everything that observers hang
    /// on it. A device that does not exist is passed over.
    pub async fn add_unattended_removal(
        &self,
        batch: &mut Batch,
        user: &UserId,
        device: &OwnedDeviceId,
    ) -> Result<(), AccountError> {
        self.add_removal(batch, user, std::slice::from_ref(device)).await.map(drop)
    }
}
