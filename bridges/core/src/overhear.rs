//! What rooms say: every event of a room with bound conversations becomes a row for each of them but the one it came from, in
//! the batch that takes the homeserver's transaction.

use std::collections::HashSet;

use async_trait::async_trait;
use base::Clock;
use bridge_api::{ConversationId, Network};
use kit::Ear;
use ruma::{EventId, OwnedServerName, OwnedUserId, RoomId, UserId};
use serde::Deserialize;
use serde_json::Value;
use store::{Batch, StoreError};

use crate::{
    BridgeError, MARK,
    lanes::Lane,
    limits::OUTBOX_ALL_ROWS_MAX,
    member_names::MemberNames,
    names::is_ghost,
    parting::{Parting, Side},
    portals::Portals,
    tables::{GHOST_ROOMS, IN_TURN, OUTBOX, OutboxRow},
    to_platform::is_poll,
    way::Way,
};

/// Who hears the rooms.
pub(crate) struct Switchboard {
    pub clock: Clock,
    pub server_name: OwnedServerName,
    pub bot: OwnedUserId,
    pub portals: Portals,
    pub member_names: MemberNames,
    pub outbound: Way,
    /// The platforms with a connector. For the others nothing is kept: their queues would fill and stop everything.
    pub connected: HashSet<Network>,
}

/// The parts of an event that say where it goes.
#[derive(Deserialize)]
pub(crate) struct Envelope {
    /// Not there where a room is read.
    #[serde(default)]
    room_id: String,
    #[serde(default)]
    event_id: String,
    pub sender: String,
    #[serde(rename = "type")]
    kind: String,
    #[serde(default)]
    state_key: Option<String>,
    #[serde(default)]
    content: Value,
    #[serde(default)]
    unsigned: Value,
}

#[async_trait]
impl Ear for Switchboard {
    fn owns(&self, user: &UserId) -> bool {
        is_ghost(user, &self.server_name)
    }

    /// What a room says and finds no place in a lane is read there later, so that a platform that is away stops no other. Cards,
    /// entries and decisions are in no room to be read again: the homeserver keeps them when there are too many.
    async fn has_room(&self) -> Result<bool, StoreError> {
        Ok(self.outbound.rows() < OUTBOX_ALL_ROWS_MAX)
    }

    async fn overhears(&self, event: &str, batch: &mut Batch) -> Result<bool, StoreError> {
        let Ok(envelope) = serde_json::from_str::<Envelope>(event) else { return Ok(false) };
        let (Ok(room), Ok(sender)) = (RoomId::parse(&envelope.room_id), UserId::parse(&envelope.sender))
        else {
            return Ok(false);
        };
        let lanes = self.portals.of_room(&room);
        if lanes.is_empty() {
            return Ok(false);
        }
        self.member_names.noticed(&room);
        if envelope.kind == "m.room.member" {
            self.hear_name(&room, &envelope);
            return Ok(self.member((&room, &sender), &envelope, &lanes, batch));
        }
        // What we said for colleagues has our transaction id, which the homeserver tells us alone: the mark anybody may write.
        let is_said_by_us = envelope.unsigned["transaction_id"].is_string();
        let Some(origin) = self.carried(&envelope, &sender, is_said_by_us) else { return Ok(false) };
        let Ok(event_id) = EventId::parse(&envelope.event_id) else { return Ok(false) };
        let row = OutboxRow { event: event.to_owned(), received_ms: self.clock.now_ms() };
        let mut is_heard = false;
        let others = lanes.iter().filter(|lane| origin.as_ref() != Some(*lane));
        for lane in others.filter(|lane| self.connected.contains(&lane.0)) {
            is_heard = true;
            if self.outbound.is_for_later(lane) {
                self.outbound.leave(batch, lane, (&room, &event_id), row.received_ms);
            } else {
                self.outbound.put(batch, &OUTBOX, lane, IN_TURN, &row);
            }
        }
        Ok(is_heard)
    }
}

impl Switchboard {
    /// Whether an event is for platforms, and which conversation it came from.
    pub fn carried(&self, envelope: &Envelope, sender: &UserId, is_said_by_us: bool) -> Option<Option<Lane>> {
        let is_ours = self.owns(sender) || *sender == self.bot || is_said_by_us;
        let is_carried = match (envelope.kind.as_str(), envelope.state_key.as_deref()) {
            ("m.room.message" | "m.sticker" | "m.reaction" | "m.room.redaction", None)
            | ("m.room.encryption", Some(_))
            | ("m.room.name", Some("")) => true,
            (kind, None) => is_poll(kind),
            (_, Some(_)) => false,
        };
        // What the bot says is about the bridge; what it takes away or says for a platform has the mark.
        let origin = is_ours.then(|| origin(&envelope.content)).flatten();
        (is_carried && (*sender != self.bot || origin.is_some())).then_some(origin)
    }

    /// What somebody of the room is called from now on, unless they are from elsewhere themselves.
    fn hear_name(&self, room: &RoomId, envelope: &Envelope) {
        let user = envelope.state_key.as_deref().and_then(|user| UserId::parse(user).ok());
        let Some(user) = user.filter(|user| !self.owns(user) && *user != self.bot) else { return };
        let is_in = envelope.content["membership"] == "join";
        let name = envelope.content["displayname"].as_str().filter(|_| is_in);
        self.member_names.heard(room, &user, name);
    }

    /// Who is not in the room any more has to come in again before we speak for them. Whether it is our bot, and nothing is
    /// bound to the room any more.
    fn member(
        &self,
        (room, by): (&RoomId, &UserId),
        envelope: &Envelope,
        lanes: &[Lane],
        batch: &mut Batch,
    ) -> bool {
        let user = envelope.state_key.as_deref().and_then(|user| UserId::parse(user).ok());
        let has_left = matches!(envelope.content["membership"].as_str(), Some("leave" | "ban"));
        let Some(user) = user.filter(|_| has_left) else { return false };
        batch.delete(&GHOST_ROOMS, &(&*user, room));
        if user != self.bot {
            return false;
        }
        for lane in lanes {
            if let Err(error) = self.part((room, by), lane, batch) {
                tracing::error!(%error, conversation = %lane.1, %room, "a conversation stays bound to a room without the bot");
            }
        }
        true
    }

    /// Nothing is bound to a room that the bot was removed from. Both sides are told in their turn.
    fn part(
        &self,
        (room, by): (&RoomId, &UserId),
        lane: &Lane,
        batch: &mut Batch,
    ) -> Result<(), BridgeError> {
        let Some(row) = self.portals.get(lane) else { return Ok(()) };
        self.portals.release(batch, lane)?;
        tracing::info!(conversation = %lane.1, %room, %by, "the bot was removed from a room; nothing is bound to it");
        if !self.connected.contains(&lane.0) {
            return Ok(());
        }
        let now_ms = self.clock.now_ms();
        for side in [Side::Here, Side::There] {
            let parting = Parting {
                room: room.to_owned(),
                by: by.to_owned(),
                bound_by: row.bound_by.clone(),
                at_ms: now_ms,
                side,
            };
            let row = OutboxRow { event: parting.to_event(), received_ms: now_ms };
            self.outbound.put(batch, &OUTBOX, lane, IN_TURN, &row);
        }
        Ok(())
    }
}

/// The conversation that an event of ours came from. Only of our own accounts: anybody may write the mark.
fn origin(content: &Value) -> Option<Lane> {
    let mark = &content[MARK];
    let network = Network::named(mark["network"].as_str()?)?;
    Some((network, ConversationId::new(mark["conversation"].as_str()?).ok()?))
}
