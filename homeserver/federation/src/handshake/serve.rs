//! The serving side of join, leave and knock: templates for users of other servers, and the events they sign.
//! <https://spec.matrix.org/v1.19/server-server-api/#joining-rooms>

use model::Pdu;
use rooms::{Membership, MembershipTemplate, PeerMembership, ToldRoom};
use rules::foreign;
use ruma::{EventId, RoomId, RoomVersionId, ServerName, UserId};
use serde_json::json;
use serde_json::value::{RawValue, to_raw_value};

use super::HandshakeError;
use crate::Federation;

/// An event that a peer sends for its user.
#[derive(Clone, Copy, Debug)]
pub struct SentEvent<'a> {
    /// Who sent the request.
    pub origin: &'a ServerName,
    /// The room in the path.
    pub room_id: &'a RoomId,
    /// The event in the path.
    pub event_id: &'a EventId,
    /// The event.
    pub event: &'a RawValue,
}

/// A join that is now in the room, and the room as the new member's server is told.
#[derive(Clone, Debug)]
pub struct Joined {
    /// The event, with our signature where we vouch.
    pub event: Pdu,
    /// State, what stands behind it, and servers.
    pub room: ToldRoom,
}

/// An event as raw JSON.
pub(crate) fn raw(pdu: &Pdu) -> Result<Box<RawValue>, HandshakeError> {
    let text = String::from_utf8(pdu.json().to_vec());
    let raw = text.ok().and_then(|text| RawValue::from_string(text).ok());
    raw.ok_or_else(|| HandshakeError::Failed("an event of our own is no JSON".to_owned()))
}

impl Federation {
    /// What a user of `origin` has to sign to join, leave or knock, and the version of the room. `versions` are those
    /// that the peer speaks; empty for a leave, which needs no agreement.
    ///
    /// # Errors
    /// We are not in the room, the room keeps the server out, its version is not among the peer's, its rules.
    pub async fn template(
        &self,
        origin: &ServerName,
        (room_id, user): (&RoomId, &UserId),
        membership: Membership,
        versions: Option<&[RoomVersionId]>,
    ) -> Result<(RoomVersionId, Box<RawValue>), HandshakeError> {
        if user.server_name() != origin {
            return Err(HandshakeError::Forbidden("the user lives on another server".to_owned()));
        }
        self.admit(origin, room_id).await?;
        let rooms = &self.parts().rooms;
        let room = rooms.whole_room(room_id).await?;
        let version = rooms.room_version(rooms.store(), room).await?.id();
        if versions.is_some_and(|versions| !versions.contains(version)) {
            return Err(HandshakeError::IncompatibleVersion(version.clone()));
        }
        let template = rooms.membership_template(room_id, user, membership).await?;
        Ok((version.clone(), written(&template, self.server_name())?))
    }

    /// Takes in the join of a peer's user.
    ///
    /// # Errors
    /// As [`Federation::template`], and when the event is not what it should be.
    pub async fn accept_join(
        &self,
        sent: SentEvent<'_>,
        omit_members: bool,
    ) -> Result<Joined, HandshakeError> {
        let joined = self.accept(sent, Membership::Join).await?;
        let room = self.parts().rooms.told_room(&joined, omit_members).await?;
        Ok(Joined { event: joined.pdu, room })
    }

    /// Takes in a leave of a peer's user: they go, reject an invite or take back a knock.
    ///
    /// # Errors
    /// As [`Federation::accept_join`].
    pub async fn accept_leave(&self, sent: SentEvent<'_>) -> Result<(), HandshakeError> {
        self.accept(sent, Membership::Leave).await.map(|_| ())
    }

    /// Takes in a knock of a peer's user; the events that introduce the room to them.
    ///
    /// # Errors
    /// As [`Federation::accept_join`].
    pub async fn accept_knock(&self, sent: SentEvent<'_>) -> Result<Vec<Pdu>, HandshakeError> {
        let knocked = self.accept(sent, Membership::Knock).await?;
        let user = knocked.pdu.sender();
        Ok(self.parts().rooms.introduction(knocked.room, user, user).await?)
    }

    async fn accept(
        &self,
        sent: SentEvent<'_>,
        membership: Membership,
    ) -> Result<PeerMembership, HandshakeError> {
        self.admit(sent.origin, sent.room_id).await?;
        let rooms = &self.parts().rooms;
        let room = rooms.whole_room(sent.room_id).await?;
        let version = rooms.room_version(rooms.store(), room).await?;
        let bad = |what: String| HandshakeError::BadRequest(what);
        let mut received = foreign::read(sent.event.get().as_bytes(), version)
            .map_err(|error| bad(format!("the event cannot be read: {error}")))?;
        if received.event_id() != sent.event_id {
            return Err(bad("the event has another id than the path".to_owned()));
        }
        if received.room_id() != Some(sent.room_id.as_str()) {
            return Err(bad("the event is of another room than the path".to_owned()));
        }
        if membership == Membership::Join {
            received = rooms.vouch(sent.room_id, received).await?;
        }
        let pdu = self.verified(received, version).await?;
        self.sender().meet(sent.origin).await?;
        self.sender().will_send_for_another(pdu.event_id()).await?;
        let outcome = rooms.append_peer_membership(sent.room_id, sent.origin, membership, pdu).await;
        if outcome.is_err() {
            self.sender().forget_handshake(sent.event_id);
        }
        Ok(outcome?)
    }

    /// Whether the room lets the server take part.
    async fn admit(&self, origin: &ServerName, room_id: &RoomId) -> Result<(), HandshakeError> {
        let rooms = &self.parts().rooms;
        let room = rooms.resident_room(room_id).await?;
        if rooms.acl_allows(room, origin).await? {
            Ok(())
        } else {
            Err(HandshakeError::Forbidden("the room keeps your server out".to_owned()))
        }
    }
}

/// The template as its version writes references.
fn written(template: &MembershipTemplate, origin: &ServerName) -> Result<Box<RawValue>, HandshakeError> {
    let references = |ids: &[ruma::OwnedEventId]| -> serde_json::Value {
        if template.version.sender_chooses_event_id() {
            ids.iter().map(|id| json!([id, {}])).collect()
        } else {
            ids.iter().map(|id| json!(id)).collect()
        }
    };
    let event = json!({
        "type": "m.room.member",
        "room_id": template.room_id,
        "sender": template.user,
        "state_key": template.user,
        "content": template.content,
        "prev_events": references(&template.prev_events),
        "auth_events": references(&template.auth_events),
        "depth": template.depth,
        "origin": origin,
        "origin_server_ts": template.origin_server_ts,
    });
    to_raw_value(&event).map_err(|error| HandshakeError::Failed(error.to_string()))
}
