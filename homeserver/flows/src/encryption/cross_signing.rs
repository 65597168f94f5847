//! Cross-signing keys that a person uploads.

use keys::{CrossSigningChange, CrossSigningUpload, KeysError};
use ruma::{DeviceId, UserId};
use store::{Batch, Reader, StoreError};

use super::WRITE_TRIES_MAX;
use crate::{Flows, FlowsError, devices::announce_device_list};

impl Flows {
    /// Whether the owner must prove who they are before these keys are stored (MSC3967): not for the first ones, and
    /// not for keys that are there already.
    ///
    /// # Errors
    /// [`FlowsError`] for keys that would be refused with any proof.
    pub async fn cross_signing_needs_proof(
        &self,
        user: &UserId,
        upload: &CrossSigningUpload,
    ) -> Result<bool, FlowsError> {
        let reader = self.0.store.snapshot();
        self.refuse_ids_in_use(&reader, user, upload).await?;
        let change = self.0.keys.cross_signing_change(&reader, user, upload).await?;
        Ok(change == CrossSigningChange::Replacement)
    }

    /// Stores the keys; `proven` says that the owner proved who they are.
    ///
    /// # Errors
    /// [`FlowsError`]; busy when the keys need a proof after all, because others came first.
    pub async fn upload_cross_signing(
        &self,
        user: &UserId,
        upload: &CrossSigningUpload,
        proven: bool,
    ) -> Result<(), FlowsError> {
        for _ in 0..WRITE_TRIES_MAX {
            let reader = self.0.store.snapshot();
            let mut batch = Batch::new();
            self.refuse_ids_in_use(&reader, user, upload).await?;
            match self.0.keys.add_cross_signing(&reader, &mut batch, user, upload).await? {
                CrossSigningChange::Nothing => return Ok(()),
                CrossSigningChange::Replacement if !proven => break,
                CrossSigningChange::First | CrossSigningChange::Replacement => {}
            }
            announce_device_list(&self.0.rooms, &mut batch, user).await;
            if self.0.store.try_commit(batch).await?.is_some() {
                return Ok(());
            }
        }
        Err(StoreError::Busy.into())
    }

    async fn refuse_ids_in_use(
        &self,
        reader: &Reader,
        user: &UserId,
        upload: &CrossSigningUpload,
    ) -> Result<(), FlowsError> {
        for public in upload.public_keys() {
            let device: &DeviceId = public.into();
            if self.0.accounts.device_exists(reader, user, device).await? {
                return Err(KeysError::KeyIdInUse.into());
            }
        }
        Ok(())
    }
}
