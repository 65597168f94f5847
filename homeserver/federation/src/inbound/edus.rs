//! Ephemeral messages of other servers: typing, receipts, presence, messages to devices, changed devices and keys.
//!
//! Each speaks for users of the sending server alone, and in a room only where that user is joined and the room's
//! access list lets the server in. What does not fit is left out without a word: the sender cannot do anything about it.

use rooms::receipts::{ReceiptKind, ReceiptScope};
use rooms::{Membership, RoomsError};
use ruma::api::federation::transactions::edu::{Edu, ReceiptContent, TypingContent};
use ruma::events::receipt::ReceiptThread;
use ruma::presence::PresenceState;
use ruma::serde::Raw;
use ruma::{OwnedUserId, RoomId, ServerName, UserId};
use serde::Deserialize;
use store::Batch;

use super::InboundError;
use super::limits::TYPING_TIME_MS;
use crate::Federation;

/// `m.presence`, read update by update: some servers leave out fields of those who are gone.
#[derive(Deserialize)]
struct PresenceEdu {
    #[serde(rename = "edu_type")]
    _kind: PresenceKind,
    content: PresencePush,
}

#[derive(Deserialize)]
enum PresenceKind {
    #[serde(rename = "m.presence")]
    Presence,
}

#[derive(Deserialize)]
struct PresencePush {
    push: Vec<serde_json::Value>,
}

#[derive(Deserialize)]
struct PresenceUpdate {
    user_id: OwnedUserId,
    presence: PresenceState,
    #[serde(default)]
    status_msg: Option<String>,
    #[serde(default)]
    last_active_ago: Option<u64>,
    #[serde(default)]
    currently_active: bool,
}

/// What is not durable must be sent again; what a message names wrongly must not.
fn left_out(origin: &ServerName, outcome: Result<(), InboundError>) -> Result<(), InboundError> {
    match outcome {
        Err(InboundError::Store(error) | InboundError::Rooms(RoomsError::Store(error))) => Err(error.into()),
        Err(error) => {
            tracing::debug!(%origin, %error, "an ephemeral message is left out");
            Ok(())
        }
        Ok(()) => Ok(()),
    }
}

impl Federation {
    pub(super) async fn receive_edus(
        &self,
        origin: &ServerName,
        edus: &[Raw<Edu>],
    ) -> Result<(), InboundError> {
        for edu in edus {
            if let Ok(presence) = edu.deserialize_as_unchecked::<PresenceEdu>() {
                for update in presence.content.push {
                    let Ok(update) = serde_json::from_value(update) else { continue };
                    left_out(origin, self.receive_presence(origin, update).await)?;
                }
                continue;
            }
            let Ok(edu) = edu.deserialize() else {
                tracing::debug!(%origin, "an ephemeral message that cannot be read");
                continue;
            };
            left_out(origin, self.receive_edu(origin, edu).await)?;
        }
        Ok(())
    }

    async fn receive_edu(&self, origin: &ServerName, edu: Edu) -> Result<(), InboundError> {
        match edu {
            Edu::Typing(content) => self.receive_typing(origin, &content).await,
            Edu::Receipt(content) => self.receive_receipts(origin, &content).await,
            Edu::DirectToDevice(content) => self.receive_to_device(origin, &content).await,
            Edu::DeviceListUpdate(content) => self.receive_changed_keys(origin, &content.user_id).await,
            Edu::SigningKeyUpdate(content) => self.receive_changed_keys(origin, &content.user_id).await,
            _ => Ok(()),
        }
    }

    /// Whether a user of the server may be heard in a room.
    async fn is_heard(
        &self,
        origin: &ServerName,
        room_id: &RoomId,
        user: &UserId,
    ) -> Result<Option<model::RoomNum>, RoomsError> {
        let rooms = &self.parts().rooms;
        let Some(room) = rooms.room_num(rooms.store(), room_id).await? else { return Ok(None) };
        let is_heard = user.server_name() == origin
            && rooms.acl_allows(room, origin).await?
            && rooms.is_joined(rooms.store(), room, user).await?;
        Ok(is_heard.then_some(room))
    }

    async fn receive_typing(&self, origin: &ServerName, content: &TypingContent) -> Result<(), InboundError> {
        let rooms = &self.parts().rooms;
        let Some(room) = self.is_heard(origin, &content.room_id, &content.user_id).await? else {
            return Ok(());
        };
        let audience = rooms.local_members(room).await?;
        if content.typing {
            rooms.typing().start(room, &content.user_id, TYPING_TIME_MS, audience);
        } else {
            rooms.typing().stop(room, &content.user_id, &audience);
        }
        Ok(())
    }

    async fn receive_receipts(
        &self,
        origin: &ServerName,
        content: &ReceiptContent,
    ) -> Result<(), InboundError> {
        let rooms = &self.parts().rooms;
        for (room_id, receipts) in &content.receipts {
            for (user, receipt) in &receipts.read {
                if self.is_heard(origin, room_id, user).await?.is_none() {
                    continue;
                }
                let scope = match &receipt.data.thread {
                    ReceiptThread::Main => ReceiptScope::Main,
                    ReceiptThread::Thread(root) => ReceiptScope::Thread(root.clone()),
                    _ => ReceiptScope::Unthreaded,
                };
                let proof = rooms.joined_room(rooms.store(), user, room_id).await?;
                for event_id in receipt.event_ids.iter().take(1) {
                    match rooms.set_receipt(&proof, ReceiptKind::Public, &scope, event_id).await {
                        Ok(_) => {}
                        Err(RoomsError::Store(error)) => return Err(error.into()),
                        Err(error) => tracing::debug!(%user, %event_id, %error, "a receipt is left out"),
                    }
                }
            }
        }
        Ok(())
    }

    async fn receive_presence(
        &self,
        origin: &ServerName,
        update: PresenceUpdate,
    ) -> Result<(), InboundError> {
        if update.user_id.server_name() != origin || !self.shares_a_room(&update.user_id).await? {
            return Ok(());
        }
        let PresenceUpdate { user_id, presence, status_msg, last_active_ago, currently_active } = update;
        let ago_ms = last_active_ago.unwrap_or(0);
        self.parts().rooms.hear_presence(&user_id, presence, status_msg, ago_ms, currently_active).await?;
        Ok(())
    }

    /// Devices or keys of a user of that server changed: our users who share a room look them up again.
    async fn receive_changed_keys(&self, origin: &ServerName, user: &UserId) -> Result<(), InboundError> {
        if user.server_name() != origin || !self.shares_a_room(user).await? {
            return Ok(());
        }
        let parts = self.parts();
        let mut batch = Batch::new();
        parts.keys.mark_device_list(&parts.store, &mut batch, user).await?;
        for (room, member) in parts.rooms.rooms_of_user(user).await?.iter() {
            if member.membership == Membership::Join {
                parts.rooms.local_members(*room).await?.announce(&mut batch);
            }
        }
        parts.store.commit(batch).await?;
        Ok(())
    }

    /// Whether a user of another server is in any room with one of ours.
    async fn shares_a_room(&self, user: &UserId) -> Result<bool, RoomsError> {
        let rooms = &self.parts().rooms;
        for (room, member) in rooms.rooms_of_user(user).await?.iter() {
            if member.membership == Membership::Join && rooms.is_resident(*room).await? {
                return Ok(true);
            }
        }
        Ok(false)
    }
}
