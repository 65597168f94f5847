//! Our side of the handshakes: membership events of local users for rooms that other servers hold, and invites that
//! another server has to sign before they enter a room of ours.
//!
//! Everything here is built from values that this server means to say; of what a peer proposes only the place in the
//! graph is taken, and who vouches for a join.

use model::{Pdu, RoomNum, RoomVersion};
use rules::NewPdu;
use rules::build::BuildError;
use rules::foreign::{self, Received};
use ruma::{CanonicalJsonObject, EventId, OwnedEventId, OwnedUserId, RoomId, UserId};
use serde_json::value::to_raw_value;

use crate::append::{Draft, NewEvent, shown_to_invited};
use crate::json::text;
use crate::limits::ROOM_ID_CHARACTERS;
use crate::member::Membership;
use crate::membership::Joining;
use crate::tables::HEAD;
use crate::{Rooms, RoomsError};

/// A membership event of a local user in a room of another server.
#[derive(Clone, Debug)]
pub struct OwnMembership<'a> {
    /// The room.
    pub room_id: &'a RoomId,
    /// Its version.
    pub version: &'static RoomVersion,
    /// Sender and state key.
    pub user: &'a UserId,
    /// The whole content, as this server means it.
    pub content: CanonicalJsonObject,
    /// The parents, as a peer named them.
    pub prev_events: Vec<OwnedEventId>,
    /// What gives the right, as a peer named it.
    pub auth_events: Vec<OwnedEventId>,
    /// The depth that the peer gave.
    pub depth: u64,
}

/// An invite that is built, judged and not stored.
#[derive(Clone, Debug)]
pub struct UnsentInvite {
    /// The room.
    pub room: RoomNum,
    /// Its version.
    pub version: &'static RoomVersion,
    /// The event.
    pub pdu: Pdu,
    /// The events that introduce the room to the invited user, whole (MSC4311).
    pub introduction: Vec<Pdu>,
}

/// What an invite says beside whom it is for.
#[derive(Clone, Debug, Default)]
pub struct Inviting {
    /// Why.
    pub reason: Option<String>,
    /// Marks the room as a direct chat.
    pub is_direct: bool,
    /// What an identity server signed, and how the invited person was called; see [`Rooms::third_party_invite_of`].
    pub third_party: Option<CanonicalJsonObject>,
}

impl Rooms {
    /// Refuses a room that is blocked on this server.
    ///
    /// # Errors
    /// [`RoomsError::Forbidden`], and the store's own.
    pub async fn refuse_blocked(&self, room_id: &RoomId) -> Result<(), RoomsError> {
        self.must_not_be_blocked(room_id).await
    }

    /// Whether this server holds, or held, the room as one that its users are in; a room of which it only knows an
    /// invite has no history here.
    ///
    /// # Errors
    /// The store's own.
    pub async fn has_history(&self, room: RoomNum) -> Result<bool, RoomsError> {
        Ok(self.parts.store.exists(&HEAD, &room).await?)
    }

    /// The content with which a local user joins a room elsewhere.
    ///
    /// # Errors
    /// The store's own.
    pub async fn own_join_content(
        &self,
        user: &UserId,
        joining: &Joining,
    ) -> Result<CanonicalJsonObject, RoomsError> {
        let mut content = joining.extra.clone();
        content.remove("join_authorised_via_users_server");
        content.extend(self.profile_content(user).await?);
        Ok(with_membership(content, Membership::Join, joining.reason.as_deref()))
    }

    /// The content with which a local user knocks on a room elsewhere.
    ///
    /// # Errors
    /// The store's own.
    pub async fn own_knock_content(
        &self,
        user: &UserId,
        reason: Option<&str>,
    ) -> Result<CanonicalJsonObject, RoomsError> {
        Ok(with_membership(self.profile_content(user).await?, Membership::Knock, reason))
    }

    /// The content with which a local user leaves a room elsewhere.
    #[must_use]
    pub fn own_leave_content(&self, reason: Option<&str>) -> CanonicalJsonObject {
        with_membership(CanonicalJsonObject::new(), Membership::Leave, reason)
    }

    /// Builds and signs a membership event for a room of another server.
    ///
    /// # Errors
    /// [`RoomsError::Forbidden`] for a user of another server; an event that is too large.
    pub fn sign_membership(&self, own: OwnMembership<'_>) -> Result<Pdu, RoomsError> {
        if !self.is_local(own.user) {
            return Err(RoomsError::forbidden("the user lives on another server"));
        }
        let parts = &self.parts;
        let content = to_raw_value(&own.content).map_err(|error| RoomsError::BadJson(error.to_string()))?;
        let chosen = format!("${}:{}", parts.rng.string(ROOM_ID_CHARACTERS), parts.server_name);
        let chosen = EventId::parse(chosen)
            .map_err(|error| RoomsError::Corrupt(format!("an event id of our own: {error}")))?;
        let new = NewPdu {
            room_id: Some(own.room_id),
            sender: own.user,
            kind: "m.room.member",
            state_key: Some(own.user.as_str()),
            content: &content,
            redacts: None,
            origin_server_ts: parts.clock.now_ms(),
            depth: own.depth,
            prev_events: &own.prev_events,
            auth_events: &own.auth_events,
            chosen_event_id: Some(&chosen),
            sticky_duration_ms: None,
        };
        new.finish(own.version, &*parts.signing_key, &parts.server_name).map_err(|error| match error {
            BuildError::Form(error) => RoomsError::PeerNotBelieved(error.to_string()),
            BuildError::Missing(_) | BuildError::Sign(_) | BuildError::ReadBack(_) => {
                RoomsError::Corrupt(format!("an event of our own: {error}"))
            }
        })
    }

    /// Adds our signature to an invite of a local user, whose form was checked.
    ///
    /// # Errors
    /// The event cannot be signed.
    pub fn co_sign_invite(&self, received: Received, version: &RoomVersion) -> Result<Received, RoomsError> {
        foreign::co_sign_received(received, version, &*self.parts.signing_key, &self.parts.server_name)
            .map_err(|error| RoomsError::BadJson(error.to_string()))
    }

    /// An invite of a user on another server, as that server has to sign it.
    ///
    /// # Errors
    /// No right to invite, the user is in the room or banned, the room's policy server does not want it.
    pub async fn unsent_invite(
        &self,
        room_id: &RoomId,
        sender: &UserId,
        target: &UserId,
        inviting: &Inviting,
    ) -> Result<UnsentInvite, RoomsError> {
        let room = self.room_of_actor(room_id).await?;
        self.must_not_be_blocked(room_id).await?;
        self.must_be_joined(room, sender).await?;
        let mut content = CanonicalJsonObject::new();
        if inviting.is_direct {
            content.insert("is_direct".to_owned(), ruma::CanonicalJsonValue::Bool(true));
        }
        if let Some(third_party) = &inviting.third_party {
            let third_party = ruma::CanonicalJsonValue::Object(third_party.clone());
            content.insert("third_party_invite".to_owned(), third_party);
        }
        let content = with_membership(content, Membership::Invite, inviting.reason.as_deref());
        let sender_owned: OwnedUserId = sender.to_owned();
        let new = NewEvent::state(sender_owned, "m.room.member", target.as_str(), content);
        let mut writer = self.lock_durable(room).await?;
        let mut draft = Draft::open(self, room, &mut writer).await?;
        let pdu = draft.build_unsent(&new).await?;
        let version = draft.version();
        drop(writer);
        // What the room's policy server does not want is shown to nobody, the invited server included.
        let pdu = self.recommended(room, pdu).await?;
        let introduction = self.introduction(room, sender, target).await?;
        Ok(UnsentInvite { room, version, pdu, introduction })
    }

    /// The events that show a room to somebody whom `sender` lets in, or who knocks.
    ///
    /// # Errors
    /// The store's own.
    pub async fn introduction(
        &self,
        room: RoomNum,
        sender: &UserId,
        target: &UserId,
    ) -> Result<Vec<Pdu>, RoomsError> {
        let mut events = Vec::new();
        for (kind, state_key) in shown_to_invited(sender, target) {
            events.extend(self.current_state(&self.parts.store, room, kind, state_key).await?);
        }
        Ok(events)
    }
}

fn with_membership(
    mut content: CanonicalJsonObject,
    membership: Membership,
    reason: Option<&str>,
) -> CanonicalJsonObject {
    content.insert("membership".to_owned(), text(membership.as_str()));
    if let Some(reason) = reason {
        content.insert("reason".to_owned(), text(reason));
    }
    content
}
