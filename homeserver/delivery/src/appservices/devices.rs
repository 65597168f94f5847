//! From the queues of devices to the lines of the services: which of their devices have something new.

use std::sync::atomic::Ordering;

use appservice::Loaded;
use store::StoreError;

use super::{Services, ServicesError, line::DeviceKey};

impl Services {
    /// Passes on which devices have something new.
    pub(super) async fn hear_devices(&self) -> Result<(), ServicesError> {
        let loaded = self.0.parts.appservices.loaded();
        let wanted =
            loaded.services.iter().any(|service| service.receives_ephemeral || service.receives_encryption);
        self.0.signals.devices_wanted.store(wanted, Ordering::Relaxed);
        if !wanted {
            return Ok(());
        }
        for device in std::mem::take(&mut *self.0.signals.devices.lock()) {
            self.hear_device(&loaded, device);
        }
        if self.0.signals.overflowed.swap(false, Ordering::Relaxed) {
            self.find_waiting_devices().await?;
        }
        Ok(())
    }

    fn hear_device(&self, loaded: &Loaded, device: DeviceKey) {
        for service in &loaded.services {
            let wants = service.url.is_some() && (service.receives_ephemeral || service.receives_encryption);
            if wants && service.is_interested_in(&device.0) {
                self.line(&service.id).add_device(device.clone());
            }
        }
    }

    /// Finds every device of a service's user that has messages, after a start or a flood.
    pub(super) async fn find_waiting_devices(&self) -> Result<(), StoreError> {
        let loaded = self.0.parts.appservices.loaded();
        if !loaded.services.iter().any(|service| service.receives_ephemeral) {
            return Ok(());
        }
        let snapshot = self.0.parts.store.snapshot();
        let mut last: Option<DeviceKey> = None;
        loop {
            let after = last.as_ref().map(|(user, device)| (&**user, &**device));
            let Some(found) = self.0.parts.keys.next_with_to_device(&snapshot, after).await? else {
                return Ok(());
            };
            self.hear_device(&loaded, found.clone());
            last = Some(found);
        }
    }
}
