//! Keys and signatures that a client uploads.

use std::{collections::BTreeMap, sync::Arc};

use accounts::AccountError;
use keys::{KeyCounts, KeyUpload, SignatureFailure, SignatureUpload, Uploaded};
use ruma::{DeviceId, OwnedUserId, UserId};
use store::{Batch, StoreError};

use super::WRITE_TRIES_MAX;
use crate::{Flows, FlowsError, devices::announce_device_list};

impl Flows {
    /// Stores what a device uploads about itself and answers its key counts. A device that was deleted meanwhile
    /// leaves nothing behind.
    ///
    /// # Errors
    /// [`FlowsError`] of whoever refused; nothing was stored then.
    pub async fn upload_keys(
        &self,
        user: &UserId,
        device: &DeviceId,
        upload: &KeyUpload,
    ) -> Result<Arc<KeyCounts>, FlowsError> {
        for _ in 0..WRITE_TRIES_MAX {
            let reader = self.0.store.snapshot();
            let mut batch = Batch::new();
            if !self.0.accounts.expect_device(&reader, &mut batch, user, device).await? {
                return Err(AccountError::UnknownDevice.into());
            }
            let uploaded = self.0.keys.add_upload(&reader, &mut batch, (user, device), upload).await?;
            if uploaded == Uploaded::default() {
                return Ok(self.0.keys.key_counts(&reader, user, device).await?);
            }
            if uploaded.device_list {
                announce_device_list(&self.0.rooms, &mut batch, user).await;
            }
            if self.0.store.try_commit(batch).await?.is_some() {
                return Ok(self.0.keys.key_counts(&self.0.store, user, device).await?);
            }
        }
        Err(StoreError::Busy.into())
    }

    /// Stores the signatures that hold, and answers which were refused.
    ///
    /// # Errors
    /// [`FlowsError`] when nothing could be stored at all.
    pub async fn upload_signatures(
        &self,
        signer: &UserId,
        upload: &SignatureUpload,
    ) -> Result<BTreeMap<OwnedUserId, BTreeMap<String, SignatureFailure>>, FlowsError> {
        for _ in 0..WRITE_TRIES_MAX {
            let reader = self.0.store.snapshot();
            let mut batch = Batch::new();
            let added = self.0.keys.add_signatures(&reader, &mut batch, signer, upload).await?;
            if !added.own_changed && added.signed.is_empty() {
                return Ok(added.failures);
            }
            if added.own_changed {
                announce_device_list(&self.0.rooms, &mut batch, signer).await;
            }
            if self.0.store.try_commit(batch).await?.is_some() {
                return Ok(added.failures);
            }
        }
        Err(StoreError::Busy.into())
    }
}
