//! What devices mean across domains: messages to them, and what goes when they go.

use std::collections::BTreeMap;

use accounts::{Accounts, DeviceObserver};
use async_trait::async_trait;
use delivery::push::Push;
use keys::{Keys, KeysError, RemoteMessage, ToDeviceMessage, ToDeviceTransaction};
use rooms::{Membership, Rooms, RoomsError};
use ruma::{
    DeviceId, OwnedDeviceId, UserId, api::client::to_device::send_event_to_device::v3::Messages,
    events::AnyToDeviceEventContent, serde::Raw, to_device::DeviceIdOrAllDevices,
};
use serde_json::value::RawValue;
use store::{Audience, Batch, Reader, StoreError};
use tokio::runtime::Handle;

/// A changed device list wakes the members of rooms up to this size at once. The members of larger rooms are woken in
/// groups, by and by: one person signing out must not wake a whole company in one moment.
pub const DEVICE_LIST_WAKE_MEMBERS_MAX: usize = 500;

/// One `/sendToDevice`.
pub struct SendToDevice<'a> {
    /// Who sends.
    pub sender: &'a UserId,
    /// From which device.
    pub device: Option<&'a DeviceId>,
    /// The client's id of the request.
    pub transaction_id: &'a str,
    /// The event type.
    pub kind: &'a str,
    /// To whom, and what.
    pub messages: Messages,
}

/// Queues messages for devices. `*` stands for the devices a local user has at this moment; a local device that does not
/// exist gets nothing, and neither does an account that is closed. Messages for users of other servers are handed over
/// to the sender, and their servers do the same.
///
/// # Errors
/// [`KeysError`] when the messages are too many or too large; nothing was queued then.
pub async fn send_to_device(
    reader: &Reader,
    accounts: &Accounts,
    keys: &Keys,
    send: SendToDevice<'_>,
) -> Result<(), KeysError> {
    let transaction = ToDeviceTransaction {
        sender: send.sender,
        device: send.device,
        transaction_id: send.transaction_id,
        kind: send.kind,
    };
    if keys.to_device_was_sent(transaction).await? {
        return Ok(());
    }
    let (mut messages, mut remote) = (Vec::new(), Vec::new());
    for (user, by_device) in send.messages {
        if !accounts.is_local(&user) {
            remote.extend(by_device.into_iter().map(|(device, content)| RemoteMessage {
                user: user.clone(),
                device: device.to_string(),
                content: content.into_json(),
            }));
        } else if accounts.is_active(reader, &user).await? {
            address(reader, accounts, &user, by_device, &mut messages).await?;
        }
    }
    keys.send_to_device_everywhere(transaction, messages, remote).await
}

/// Turns one user's part into messages to single devices.
async fn address(
    reader: &Reader,
    accounts: &Accounts,
    user: &UserId,
    by_device: BTreeMap<DeviceIdOrAllDevices, Raw<AnyToDeviceEventContent>>,
    messages: &mut Vec<ToDeviceMessage>,
) -> Result<(), StoreError> {
    let devices = accounts.devices(reader, user).await?;
    let mut push = |device: &OwnedDeviceId, content: &RawValue| {
        messages.push(ToDeviceMessage {
            user: user.to_owned(),
            device: device.clone(),
            content: content.to_owned(),
        });
    };
    for (target, content) in &by_device {
        for device in &devices {
            let meant = match target {
                DeviceIdOrAllDevices::DeviceId(id) => *id == device.id,
                DeviceIdOrAllDevices::AllDevices => true,
            };
            if meant {
                push(&device.id, content.json());
            }
        }
    }
    Ok(())
}

/// Lets keys and waiting messages go with their device, and tells those who share a room with its owner.
#[derive(Clone)]
pub struct DeviceConsequences {
    /// Keys and queues.
    pub keys: Keys,
    /// Who shares a room with whom.
    pub rooms: Rooms,
    /// Where devices are told of events.
    pub push: Push,
}

/// Announces the batch to everybody who has to hear that the user's devices changed.
pub(crate) async fn announce_device_list(rooms: &Rooms, batch: &mut Batch, user: &UserId) {
    // The change itself is durable with the batch; only the wake-up is lost, and the next answer tells it.
    if let Err(error) = announce(rooms, batch, user).await {
        tracing::warn!(%user, %error, "announce a device list change");
    }
}

async fn announce(rooms: &Rooms, batch: &mut Batch, user: &UserId) -> Result<(), RoomsError> {
    batch.announce(Audience::User(user.to_owned()));
    for (room, member) in rooms.rooms_of_user(user).await?.iter() {
        if member.membership == Membership::Join {
            let members = rooms.local_members(*room).await?;
            if members.len() <= DEVICE_LIST_WAKE_MEMBERS_MAX {
                members.announce(batch);
            } else {
                let (rooms, room, runtime) = (rooms.clone(), *room, Handle::current());
                batch.on_visible(move |_| {
                    // The committer's thread is of no runtime.
                    let _inside = runtime.enter();
                    rooms.wake_by_and_by(room);
                });
            }
        }
    }
    Ok(())
}

#[async_trait]
impl DeviceObserver for DeviceConsequences {
    async fn devices_removed(
        &self,
        reader: &Reader,
        batch: &mut Batch,
        user: &UserId,
        devices: &[OwnedDeviceId],
    ) -> Result<(), StoreError> {
        self.keys.forget_devices(reader, batch, user, devices).await?;
        self.push.forget_devices(reader, batch, user, devices).await?;
        announce_device_list(&self.rooms, batch, user).await;
        Ok(())
    }

    async fn device_renamed(
        &self,
        reader: &Reader,
        batch: &mut Batch,
        user: &UserId,
        _device: &DeviceId,
    ) -> Result<(), StoreError> {
        self.keys.mark_device_list(reader, batch, user).await?;
        announce_device_list(&self.rooms, batch, user).await;
        Ok(())
    }
}
