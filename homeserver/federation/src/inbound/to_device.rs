//! Messages from devices of other servers to devices of ours.
//! <https://spec.matrix.org/v1.19/server-server-api/#send-to-device-messaging>

use keys::{KeysError, ToDeviceMessage, ToDeviceTransaction};
use ruma::api::federation::transactions::edu::DirectDeviceContent;
use ruma::to_device::DeviceIdOrAllDevices;
use ruma::{OwnedDeviceId, ServerName, UserId};

use super::InboundError;
use super::limits::RECIPIENT_DEVICES_MAX;
use crate::Federation;

impl Federation {
    /// Queues the messages for devices that exist. The sender's id of the message tells a repetition.
    pub(super) async fn receive_to_device(
        &self,
        origin: &ServerName,
        content: &DirectDeviceContent,
    ) -> Result<(), InboundError> {
        if content.sender.server_name() != origin {
            return Ok(());
        }
        let kind = content.ev_type.to_string();
        let transaction = ToDeviceTransaction {
            sender: &content.sender,
            device: None,
            transaction_id: content.message_id.as_str(),
            kind: &kind,
        };
        let mut messages = Vec::new();
        for (user, devices) in &content.messages {
            if !self.parts().rooms.is_local(user) {
                continue;
            }
            let known = self.recipient_devices(user).await?;
            for (device, message) in devices {
                let wanted: Vec<&OwnedDeviceId> = match device {
                    DeviceIdOrAllDevices::AllDevices => known.iter().collect(),
                    DeviceIdOrAllDevices::DeviceId(id) => known.iter().filter(|known| *known == id).collect(),
                };
                messages.extend(wanted.into_iter().map(|device| ToDeviceMessage {
                    user: user.clone(),
                    device: device.clone(),
                    content: message.json().to_owned(),
                }));
            }
        }
        match self.parts().keys.send_to_device(transaction, messages).await {
            Err(KeysError::Store(error)) => Err(error.into()),
            Err(error) => {
                tracing::info!(%origin, %error, "messages to devices are refused");
                Ok(())
            }
            Ok(()) => Ok(()),
        }
    }

    /// Devices of an active local user.
    async fn recipient_devices(&self, user: &UserId) -> Result<Vec<OwnedDeviceId>, InboundError> {
        let accounts = &self.parts().accounts;
        let devices = accounts.devices(&self.parts().store, user).await?;
        Ok(devices.into_iter().map(|device| device.id).take(RECIPIENT_DEVICES_MAX).collect())
    }
}
