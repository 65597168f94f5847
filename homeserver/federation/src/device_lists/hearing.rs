//! What servers announce of their users' devices and keys.

use std::collections::BTreeMap;

use keys::{DeviceUpdate, Heard, KeysError};
use rooms::Membership;
use ruma::api::federation::transactions::edu::{DeviceListUpdateContent, SigningKeyUpdateContent};
use ruma::{OwnedUserId, ServerName, UserId};
use serde_json::value::RawValue;
use store::{Batch, StoreError};

use crate::limits::{LIST_TRIES_MAX, PREVIOUS_CHANGES_MAX};
use crate::{Federation, InboundError};

/// The announcements of one transaction, so that those about one user are taken in together.
#[derive(Default)]
pub(crate) struct Announcements {
    devices: BTreeMap<OwnedUserId, Vec<DeviceUpdate>>,
    keys: Vec<SigningKeyUpdateContent>,
}

/// What is announced about one user.
enum Announced<'a> {
    Devices(&'a [DeviceUpdate]),
    /// The master key and the self-signing key.
    SigningKeys(Option<&'a RawValue>, Option<&'a RawValue>),
}

impl Announcements {
    pub fn device(&mut self, content: DeviceListUpdateContent) {
        // Too many are as good as none: the list is fetched.
        let previous = Some(content.prev_id).filter(|previous| previous.len() <= PREVIOUS_CHANGES_MAX);
        let update = DeviceUpdate {
            device: content.device_id,
            name: content.device_display_name,
            keys: content.keys.map(ruma::serde::Raw::into_json),
            deleted: content.deleted.unwrap_or(false),
            stream_id: content.stream_id.into(),
            previous: previous.into_iter().flatten().map(u64::from).collect(),
        };
        self.devices.entry(content.user_id).or_default().push(update);
    }

    pub fn signing_keys(&mut self, content: SigningKeyUpdateContent) {
        self.keys.push(content);
    }
}

impl Federation {
    /// Takes announcements in, each if it is about a user of that server who shares a room with one of ours.
    ///
    /// # Errors
    /// The store's own: nothing is acknowledged that is not durable.
    pub(crate) async fn hear_announcements(
        &self,
        origin: &ServerName,
        announcements: Announcements,
    ) -> Result<(), InboundError> {
        for (user, updates) in announcements.devices {
            if user.server_name() != origin {
                continue;
            }
            if self.shares_a_room(&user).await? {
                self.hear(&user, Announced::Devices(&updates)).await?;
            } else {
                self.note_device_change_while_partial(&user).await?;
            }
        }
        for content in announcements.keys {
            let user = content.user_id;
            if user.server_name() != origin {
                continue;
            }
            if !self.shares_a_room(&user).await? {
                self.note_device_change_while_partial(&user).await?;
            } else {
                let master = content.master_key.as_ref().map(|key| key.json());
                let self_signing = content.self_signing_key.as_ref().map(|key| key.json());
                self.hear(&user, Announced::SigningKeys(master, self_signing)).await?;
            }
        }
        Ok(())
    }

    /// Takes something in, tells our users who share a room, and has the list fetched if something is missing.
    async fn hear(&self, user: &UserId, announced: Announced<'_>) -> Result<(), InboundError> {
        let (keys, store) = (&self.parts().keys, &self.parts().store);
        for _ in 0..LIST_TRIES_MAX {
            let mut batch = Batch::new();
            let heard = match &announced {
                Announced::Devices(updates) => keys.hear_devices(store, &mut batch, user, updates).await,
                Announced::SigningKeys(master, self_signing) => {
                    keys.hear_signing_keys(store, &mut batch, user, *master, *self_signing).await
                }
            };
            let heard = match heard {
                Ok(heard) => heard,
                Err(KeysError::Store(error)) => return Err(error.into()),
                Err(error) => {
                    tracing::info!(%user, %error, "refuse what a server announces of keys");
                    return Ok(());
                }
            };
            if heard == Heard::Known {
                return Ok(());
            }
            self.announce_to_those_around(user, &mut batch).await?;
            if store.try_commit(batch).await?.is_none() {
                continue;
            }
            if heard == Heard::Missed {
                self.list_is_missed(user);
            }
            return Ok(());
        }
        Err(StoreError::Busy.into())
    }

    /// Lets our users hear of a batch who share a room with a user.
    pub(super) async fn announce_to_those_around(
        &self,
        user: &UserId,
        batch: &mut Batch,
    ) -> Result<(), rooms::RoomsError> {
        let rooms = &self.parts().rooms;
        for (room, member) in rooms.rooms_of_user(user).await?.iter() {
            if member.membership == Membership::Join {
                rooms.local_members(*room).await?.announce(batch);
            }
        }
        Ok(())
    }
}
