//! Ephemeral messages of other servers: typing, receipts, presence, messages to devices, changed devices and keys.
//!
//! Each speaks for users of the sending server alone, and in a room only where that user is joined and the room's
//! access list lets the server in. What does not fit is left out without a word: the sender cannot do anything about it.

use rooms::access::JoinedRoom;
use rooms::receipts::ReceiptScope;
use rooms::{Membership, RoomsError};
use ruma::api::federation::transactions::edu::{Edu, ReceiptContent, TypingContent};
use ruma::events::receipt::ReceiptThread;
use ruma::presence::PresenceState;
use ruma::serde::Raw;
use ruma::{OwnedUserId, RoomId, ServerName, UserId};
use serde::Deserialize;

use super::InboundError;
use super::late_receipts::PeerReceipt;
use super::limits::TYPING_TIME_MS;
use crate::Federation;
use crate::device_lists::Announcements;

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
        let mut announcements = Announcements::default();
        for edu in edus {
            if let Ok(presence) = edu.deserialize_as_unchecked::<PresenceEdu>() {
                for update in presence.content.push {
                    let Ok(update) = serde_json::from_value(update) else { continue };
                    left_out(origin, self.receive_presence(origin, update).await)?;
                }
                continue;
            }
            match edu.deserialize() {
                Ok(Edu::DeviceListUpdate(content)) => announcements.device(content),
                Ok(Edu::SigningKeyUpdate(content)) => announcements.signing_keys(content),
                Ok(edu) => left_out(origin, self.receive_edu(origin, edu).await)?,
                Err(_) => tracing::debug!(%origin, "an ephemeral message that cannot be read"),
            }
        }
        left_out(origin, self.hear_announcements(origin, announcements).await)
    }

    async fn receive_edu(&self, origin: &ServerName, edu: Edu) -> Result<(), InboundError> {
        match edu {
            Edu::Typing(content) => self.receive_typing(origin, &content).await,
            Edu::Receipt(content) => self.receive_receipts(origin, &content).await,
            Edu::DirectToDevice(content) => self.receive_to_device(origin, &content).await,
            _ => Ok(()),
        }
    }

    /// Whether a user of the server may be heard in a room.
    pub(super) async fn is_heard(
        &self,
        origin: &ServerName,
        room_id: &RoomId,
        user: &UserId,
    ) -> Result<Option<JoinedRoom>, RoomsError> {
        let rooms = &self.parts().rooms;
        let Some(room) = rooms.room_num(rooms.store(), room_id).await? else { return Ok(None) };
        if user.server_name() != origin || !rooms.acl_allows(room, origin).await? {
            return Ok(None);
        }
        rooms.room_of_visitor(rooms.store(), user, room_id).await
    }

    async fn receive_typing(&self, origin: &ServerName, content: &TypingContent) -> Result<(), InboundError> {
        let rooms = &self.parts().rooms;
        let Some(room) = self.is_heard(origin, &content.room_id, &content.user_id).await? else {
            return Ok(());
        };
        let room = room.room();
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
        for (room_id, receipts) in &content.receipts {
            for (user, receipt) in &receipts.read {
                let scope = match &receipt.data.thread {
                    ReceiptThread::Main => ReceiptScope::Main,
                    ReceiptThread::Thread(root) => ReceiptScope::Thread(root.clone()),
                    _ => ReceiptScope::Unthreaded,
                };
                let Some(event_id) = receipt.event_ids.first().cloned() else { continue };
                let (origin, room_id, user) = (origin.to_owned(), room_id.clone(), user.clone());
                self.take_receipt(PeerReceipt { origin, room_id, user, scope, event_id }).await?;
            }
        }
        Ok(())
    }

    async fn receive_presence(
        &self,
        origin: &ServerName,
        update: PresenceUpdate,
    ) -> Result<(), InboundError> {
        if update.user_id.server_name() != origin
            || !self.policy().shares_presence(origin)
            || !self.shares_a_room(&update.user_id).await?
        {
            return Ok(());
        }
        let PresenceUpdate { user_id, presence, status_msg, last_active_ago, currently_active } = update;
        let ago_ms = last_active_ago.unwrap_or(0);
        self.parts().rooms.hear_presence(&user_id, presence, status_msg, ago_ms, currently_active).await?;
        Ok(())
    }

    /// Whether a user of another server is in any room with one of ours.
    pub(crate) async fn shares_a_room(&self, user: &UserId) -> Result<bool, RoomsError> {
        let rooms = &self.parts().rooms;
        for (room, member) in rooms.rooms_of_user(user).await?.iter() {
            if member.membership == Membership::Join && rooms.is_resident(*room).await? {
                return Ok(true);
            }
        }
        Ok(false)
    }
}
