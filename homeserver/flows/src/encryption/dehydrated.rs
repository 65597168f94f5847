//! Dehydrated devices (MSC3814): a device, its keys and its private data are one step, and so is the end of the former.

use keys::{KeyUpload, KeysError};
use ruma::{OwnedDeviceId, UserId};
use serde_json::value::RawValue;
use store::{Batch, StoreError};

use super::WRITE_TRIES_MAX;
use crate::{Flows, FlowsError, devices::announce_device_list};

/// A dehydrated device as its owner uploads it.
#[derive(Debug)]
pub struct NewDehydratedDevice {
    /// Its id; no other device may have it.
    pub device: OwnedDeviceId,
    /// What it is called.
    pub display_name: Option<String>,
    /// Its private data.
    pub data: Box<RawValue>,
    /// Its keys, identity keys among them.
    pub keys: KeyUpload,
}

impl Flows {
    /// Makes this the user's dehydrated device; the former one goes with its keys and its queue. The same upload a
    /// second time changes nothing.
    ///
    /// # Errors
    /// [`FlowsError`] of whoever refused; the former device is untouched then.
    pub async fn put_dehydrated_device(
        &self,
        user: &UserId,
        new: &NewDehydratedDevice,
    ) -> Result<(), FlowsError> {
        for _ in 0..WRITE_TRIES_MAX {
            let reader = self.0.store.snapshot();
            let mut batch = Batch::new();
            let former = self.0.keys.dehydrated_device(&reader, user).await?;
            if former.as_ref().is_some_and(|old| old.device == new.device && old.data == new.data.get()) {
                return Ok(());
            }
            if let Some(former) = former {
                self.0.accounts.add_unattended_removal(&mut batch, user, &former.device).await?;
            }
            let name = new.display_name.as_deref();
            let accounts = &self.0.accounts;
            accounts.add_unattended_device(&reader, &mut batch, user, &new.device, name).await?;
            let owner = (user, &*new.device);
            self.0.keys.add_upload(&reader, &mut batch, owner, &new.keys).await?;
            self.0.keys.add_dehydrated_device(&reader, &mut batch, user, &new.device, &new.data).await?;
            announce_device_list(&self.0.rooms, &mut batch, user).await;
            if self.0.store.try_commit(batch).await?.is_some() {
                return Ok(());
            }
        }
        Err(StoreError::Busy.into())
    }

    /// Removes the user's dehydrated device and answers its id.
    ///
    /// # Errors
    /// [`KeysError::NotFound`] when there is none.
    pub async fn delete_dehydrated_device(&self, user: &UserId) -> Result<OwnedDeviceId, FlowsError> {
        let former = self.0.keys.dehydrated_device(&self.0.store, user).await?;
        let device = former.ok_or(KeysError::NotFound("you have no dehydrated device"))?.device;
        self.0.accounts.remove_devices(user, std::slice::from_ref(&device)).await?;
        Ok(device)
    }
}
