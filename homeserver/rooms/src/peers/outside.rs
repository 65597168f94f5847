//! Memberships of local users in rooms that this server knows from outside: invites and knocks, and their end.
//! <https://spec.matrix.org/v1.19/server-server-api/#inviting-to-a-room>

use model::{Pdu, RoomNum, RoomVersion};
use rules::auth::Judged;
use ruma::{OwnedRoomId, OwnedUserId};
use serde::{Deserialize, Serialize};
use store::{Audience, Batch, StoreError};
use streams::Fact;

use super::OwnMembership;
use crate::append::{Effects, stripped};
use crate::limits::{APPEND_ATTEMPTS_MAX, STRIPPED_EVENT_BYTES_MAX, STRIPPED_EVENTS_MAX};
use crate::member::{Member, Membership, MembershipChange};
use crate::read::NO_EVENT;
use crate::tables::{HEAD, MEMBER, MEMBERSHIP_CHANGE, ROOM_OF_USER, STRIPPED, StrippedState};
use crate::{Rooms, RoomsError};

/// A membership of a local user in a room that this server is not in.
#[derive(Clone, Debug)]
pub struct OutsideMembership {
    /// The room.
    pub room_id: OwnedRoomId,
    /// The version that it is said to have.
    pub version: &'static RoomVersion,
    /// The user.
    pub user: OwnedUserId,
    /// The membership: an invite, a knock, or the end of one.
    pub membership: Membership,
    /// The event that says so, checked for form and signatures. A user who declines what cannot be told to anybody
    /// any more has none.
    pub event: Option<Pdu>,
    /// What an invited or knocking user is shown, as JSON; what is too large or cannot be read is left out.
    pub stripped: Vec<String>,
}

impl Rooms {
    /// Notes the membership and tells the user.
    ///
    /// # Errors
    /// [`RoomsError::InvalidParam`] when this server is in the room: then only events can change memberships.
    pub async fn outside_membership(&self, mut outside: OutsideMembership) -> Result<RoomNum, RoomsError> {
        if outside.event.is_none() && outside.membership == Membership::Leave {
            // Clients are shown an event for every membership. This one goes nowhere.
            let content = self.own_leave_content(None);
            outside.event = Some(self.sign_membership(OwnMembership {
                room_id: &outside.room_id,
                version: outside.version,
                user: &outside.user,
                content,
                prev_events: Vec::new(),
                auth_events: Vec::new(),
                depth: 1,
            })?);
        }
        let room = self.room_from_outside(&outside.room_id, outside.version).await?;
        for _ in 0..APPEND_ATTEMPTS_MAX {
            let _writer = self.locks.lock(room).await;
            match self.try_outside(room, &outside).await {
                Err(RoomsError::Store(StoreError::Conflict)) => {}
                outcome => return outcome.map(|()| room),
            }
        }
        Err(RoomsError::Contended)
    }

    async fn try_outside(&self, room: RoomNum, outside: &OutsideMembership) -> Result<(), RoomsError> {
        let store = &self.parts.store;
        if self.is_resident(room).await? {
            return Err(RoomsError::InvalidParam("this server is in the room".to_owned()));
        }
        let event = match &outside.event {
            Some(pdu) => self.outside_event(room, pdu).await?,
            None => NO_EVENT,
        };
        let head = store.get(&HEAD, &room).await?;
        let before = self.member(store, room, &outside.user).await?;
        let (user, membership) = (outside.user.clone(), outside.membership);
        let previous = before.map(|member| member.membership);
        let mut batch = Batch::new();
        batch.expect_read(&HEAD, &room, head.as_ref());
        let position = batch.position();
        let member = Member { membership, event, position, previous, forgotten: false };
        batch.expect_read(&ROOM_OF_USER, &(user.clone(), room), before.map(Member::to_row).as_ref());
        batch.put(&ROOM_OF_USER, &(user.clone(), room), &member.to_row());
        batch.put(&MEMBER, &(room, user.clone()), &member.to_row());
        let change = MembershipChange { position, room, event, membership, previous };
        batch.put(&MEMBERSHIP_CHANGE, &(user.clone(), position), &change.to_row());
        if matches!(membership, Membership::Invite | Membership::Knock) {
            let events = shown(outside)?;
            batch.put(&STRIPPED, &(user.clone(), room), &StrippedState { events });
        } else {
            batch.delete(&STRIPPED, &(user.clone(), room));
        }
        if membership == Membership::Invite && event != NO_EVENT {
            streams::record(&mut batch, position, &Fact::Event { room, event });
        }
        batch.announce(Audience::User(user.clone()));
        let mut effects = Effects::new(room);
        effects.member(user, false, true, position);
        effects.after_commit(self, &mut batch);
        store.commit(batch).await?;
        Ok(())
    }

    /// The number of the event, which is kept if it was not known. What it names as its authority is not known here
    /// as a rule, so it has no place in the auth graph.
    async fn outside_event(&self, room: RoomNum, pdu: &Pdu) -> Result<model::EventNum, RoomsError> {
        let store = &self.parts.store;
        if let Some(event) = self.event_num(store, pdu.event_id()).await? {
            return Ok(event);
        }
        self.keep_apart(room, &Judged::accepted(pdu.clone())).await?;
        self.event_num(store, pdu.event_id()).await?.ok_or_else(|| RoomsError::missing("an outlier"))
    }
}

/// The stripped state, as far as it can be read, the event itself last.
fn shown(outside: &OutsideMembership) -> Result<Vec<String>, RoomsError> {
    let texts = outside.stripped.iter().filter(|text| text.len() <= STRIPPED_EVENT_BYTES_MAX);
    let mut events: Vec<String> =
        texts.filter_map(|text| readable(text, outside)).take(STRIPPED_EVENTS_MAX).collect();
    if let Some(pdu) = &outside.event {
        events.push(stripped(pdu)?);
    }
    Ok(events)
}

/// What clients read of a stripped event, each field of its type.
#[derive(Deserialize, Serialize)]
struct Stripped {
    #[serde(rename = "type")]
    kind: String,
    state_key: String,
    sender: OwnedUserId,
    content: serde_json::Map<String, serde_json::Value>,
}

/// The event as a client gets it; the create event whole, so that the room's id can be checked against it (MSC4311).
fn readable(text: &str, outside: &OutsideMembership) -> Option<String> {
    rules::canonical::check_nesting(text.as_bytes()).ok()?;
    let event = serde_json::from_str::<Stripped>(text).ok()?;
    let is_own = event.kind == "m.room.member" && event.state_key == outside.user.as_str();
    if is_own && outside.event.is_some() {
        return None;
    }
    if event.kind == "m.room.create" { Some(text.to_owned()) } else { serde_json::to_string(&event).ok() }
}
