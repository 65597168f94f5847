//! What this crate asks of others. `server` plugs the implementations in at start.

use std::sync::Arc;

use async_trait::async_trait;
use parking_lot::RwLock;
use ruma::{DeviceId, OwnedDeviceId, UserId};
use store::{Batch, Reader, StoreError};

use crate::Accounts;

/// Hears of devices that go or change, and adds what follows to the same batch.
///
/// Keys, one-time keys and waiting messages of a device must not outlive it, not even through a
/// crash; that is why this is a port into the batch and not a reader of a stream.
#[async_trait]
pub trait DeviceObserver: Send + Sync {
    /// These devices are being deleted by `batch`. Called before the commit, possibly again when the
    /// commit meets a conflict; must only add to `batch`.
    async fn devices_removed(
        &self,
        reader: &Reader,
        batch: &mut Batch,
        user: &UserId,
        devices: &[OwnedDeviceId],
    ) -> Result<(), StoreError>;

    /// The display name of this device is being changed by `batch`. The same rules.
    async fn device_renamed(
        &self,
        reader: &Reader,
        batch: &mut Batch,
        user: &UserId,
        device: &DeviceId,
    ) -> Result<(), StoreError>;
}

/// Knows the names that belong to somebody else, such as an application service.
pub trait ReservedNames: Send + Sync {
    /// Whether an ordinary registration of this user must be refused.
    fn is_reserved(&self, user: &UserId) -> bool;

    /// Whether the user directory leaves this user out.
    fn is_unlisted(&self, user: &UserId) -> bool;
}

#[derive(Default)]
pub(crate) struct Ports {
    devices: RwLock<Option<Arc<dyn DeviceObserver>>>,
    names: RwLock<Option<Arc<dyn ReservedNames>>>,
}

impl Ports {
    pub fn devices(&self) -> Option<Arc<dyn DeviceObserver>> {
        self.devices.read().clone()
    }

    pub fn is_reserved(&self, user: &UserId) -> bool {
        self.names.read().as_ref().is_some_and(|names| names.is_reserved(user))
    }
}

impl Accounts {
    /// Plugs in who hears of devices; `server` does it before serving.
    pub fn observe_devices(&self, observer: Arc<dyn DeviceObserver>) {
        *self.0.ports.devices.write() = Some(observer);
    }

    /// Plugs in who knows reserved names.
    pub fn reserve_names(&self, names: Arc<dyn ReservedNames>) {
        *self.0.ports.names.write() = Some(names);
    }

    /// Whether the user directory leaves this user out, because an application service has it for itself.
    #[must_use]
    pub fn is_unlisted(&self, user: &UserId) -> bool {
        self.0.ports.names.read().as_ref().is_some_and(|names| names.is_unlisted(user))
    }

    /// Takes out what was plugged in, at the stop of a server: an observer holds upper parts, which hold
    /// these accounts, so that without this none of them, nor the store, would ever be dropped.
    pub fn unplug(&self) {
        *self.0.ports.devices.write() = None;
        *self.0.ports.names.write() = None;
    }
}
