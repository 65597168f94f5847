//! One event of a room into a conversation of a platform.

mod changes;
mod edits;
mod event;
mod files;
mod mentions;
mod message;
mod naming;
mod polls;
mod said;

use bridge_api::{IdempotencyKey, Refusal};
use ruma::{EventId, OwnedEventId, OwnedRoomId, OwnedUserId};
use serde_json::Value;
use sha2::{Digest as _, Sha256};
use store::Batch;

pub(crate) use self::polls::is_poll;

use self::event::Meaning;
use crate::{
    Bridges, addressing,
    bridges::Seat,
    cards, entries,
    error::Stuck,
    lanes::{Lane, Next},
    names::hex,
    parting::Parting,
    proofs::Proof,
    tables::{IN_TURN, OUTBOX, OutboxRow, Place, SIDES, SideRow},
    telling::refusal_text,
};

/// An event on its way to a platform.
pub(crate) struct Sending<'a> {
    pub bridges: &'a Bridges,
    pub seat: &'a Seat,
    pub lane: &'a Lane,
    pub room: OwnedRoomId,
    pub event: OwnedEventId,
    pub sender: OwnedUserId,
    /// When it came to us, in milliseconds since the Unix epoch: the same for every try.
    pub received_ms: u64,
    /// What is noted together with the end of the row.
    pub batch: Batch,
    /// Whether the platform took something of it.
    pub has_arrived: bool,
}

impl Bridges {
    /// Works off the first event of a lane.
    pub(crate) async fn send(&self, lane: &Lane, place: Place, row: OutboxRow) -> Result<Next, Stuck> {
        if place.0 != IN_TURN {
            return self.read_more(lane, place, &row).await;
        }
        let mut batch = Batch::new();
        let json: Value = serde_json::from_str(&row.event).unwrap_or_default();
        if cards::is_card(&json) && addressing::is_looked_up(lane) {
            return self.send_card_on(lane, place, &json, &row).await;
        }
        if cards::is_card(&json) || entries::is_entry(&json) {
            return self.send_for_bot(lane, place, &json).await;
        }
        if let Some(parting) = Parting::read(&json) {
            return self.tell_parting(lane, place, &parting).await;
        }
        let mut proved = None;
        let at_ms = json["origin_server_ts"].as_u64().unwrap_or(row.received_ms).min(row.received_ms);
        if let (Some(room), Some(seat), Some((event, sender))) =
            (self.portals().room_of(lane), self.seat(lane.0), identified(&json))
        {
            if let Err(wait) = seat.buckets.take(&lane.1) {
                return Ok(Next::After(wait));
            }
            let (received_ms, begun_ms) = (row.received_ms, self.0.clock.now_ms());
            let mut sending = Sending {
                bridges: self,
                seat,
                lane,
                room,
                event,
                sender,
                received_ms,
                batch,
                has_arrived: false,
            };
            let proof = match sending.go(&json).await {
                Ok(()) => sending.has_arrived.then_some(Proof::Arrived),
                Err(Stuck::Never(reason, refusal)) => {
                    sending.batch = Batch::new();
                    sending.undelivered(&reason, refusal.as_ref());
                    Proof::of(refusal.as_ref())
                }
                Err(error) => return Err(error),
            };
            proved = proof.map(|proof| (sending.room, proof, begun_ms));
            batch = sending.batch;
        } else if self.seat(lane.0).is_none() {
            // The platform is switched off in the configuration; its rows wait for the day it is on again.
            return Ok(Next::Idle);
        }
        self.outbound().end(&mut batch, &OUTBOX, lane, place);
        self.0.store.commit(batch).await?;
        self.measure(lane.0, "out", at_ms);
        if let Some((room, proof, begun_ms)) = proved {
            self.note_proof(lane, &room, proof, begun_ms).await;
        }
        Ok(Next::Again)
    }
}

impl Bridges {
    /// Works off what a bot has for a platform: a card, an entry, a decision.
    async fn send_for_bot(&self, lane: &Lane, place: Place, event: &Value) -> Result<Next, Stuck> {
        let Some(seat) = self.seat(lane.0) else { return Ok(Next::Idle) };
        if let Err(wait) = seat.buckets.take(&lane.1) {
            return Ok(Next::After(wait));
        }
        let mut batch = Batch::new();
        let done = match cards::is_card(event) {
            true => self.show_card(seat, lane, event, &mut batch).await,
            false => self.carry_entry(seat, event, &mut batch).await,
        };
        match done {
            Ok(()) => {}
            // The bot has it in its rooms all the same, and there may be a card in its place.
            Err(Stuck::Never(reason, _)) => {
                tracing::warn!(network = lane.0.key(), reason, "what a bot has for a platform is not shown");
                metrics::counter!("bridge_undelivered_total", "platform" => lane.0.key()).increment(1);
                batch = Batch::new();
                self.show_instead(seat, event, &mut batch).await?;
            }
            Err(error) => return Err(error),
        }
        self.outbound().end(&mut batch, &OUTBOX, lane, place);
        self.0.store.commit(batch).await?;
        Ok(Next::Again)
    }
}

/// The event of a row, and who sent it.
pub(crate) fn identified(json: &Value) -> Option<(OwnedEventId, OwnedUserId)> {
    let event = EventId::parse(json["event_id"].as_str()?).ok()?;
    Some((event, OwnedUserId::try_from(json["sender"].as_str()?).ok()?))
}

impl Sending<'_> {
    async fn go(&mut self, json: &Value) -> Result<(), Stuck> {
        let meaning = event::meaning(json);
        if !matches!(meaning, Meaning::Encrypted | Meaning::Nothing)
            && !self.bridges.may_speak(&self.room, &self.sender).await?
        {
            self.silent();
            return Ok(());
        }
        // A repeat of the row after its end was cut off: it is there already.
        match meaning {
            Meaning::Said(said) => match self.side(&self.event).await? {
                Some(_) => Ok(()),
                None => self.said(&said, json).await,
            },
            Meaning::Edit { target, said } => self.edit(&target, &said, json).await,
            Meaning::Reaction { target, emoji } => self.reaction(&target, &emoji).await,
            Meaning::Redaction { target } => self.redaction(&target).await,
            Meaning::Poll(poll) => match self.side(&self.event).await? {
                Some(_) => Ok(()),
                None => self.poll(&poll, json).await,
            },
            Meaning::Named { name } => self.named(&name).await,
            Meaning::Encrypted => self.encrypted().await,
            Meaning::Nothing => Ok(()),
        }
    }

    /// Once for each of them: whoever may not speak on platforms sees it, and so does who may change it.
    fn silent(&mut self) {
        let unique = format!("silent/{}/{}", self.room, self.sender);
        let values = [("who", self.sender.as_str())];
        self.bridges.notice(&mut self.batch, &self.room, &unique, "bridge.told.silent", &values);
    }

    /// What an event is in this conversation.
    async fn side(&self, event: &EventId) -> Result<Option<SideRow>, Stuck> {
        let (network, conversation) = (self.lane.0.key(), self.lane.1.as_str());
        Ok(self.bridges.0.store.get(&SIDES, &(event, network, conversation)).await?)
    }

    /// The same for every try to send what comes of the event.
    fn key(&self, what: &str) -> Result<IdempotencyKey, Stuck> {
        let of = format!("{}/{}/{}/{what}", self.lane.0.key(), self.lane.1, self.event);
        let key: String = hex(&Sha256::digest(of)).chars().take(40).collect();
        IdempotencyKey::new(key).map_err(|error| Stuck::Never(error.to_string(), None))
    }

    /// A text of the bridge that goes to the platform.
    fn told(&self, key: &str, values: &[(&str, &str)]) -> String {
        self.bridges.0.kit.texts().fill(self.bridges.lang(), key, values)
    }

    /// Whoever wrote it sees that it did not arrive, and why.
    fn undelivered(&mut self, reason: &str, refusal: Option<&Refusal>) {
        tracing::warn!(network = self.lane.0.key(), conversation = %self.lane.1, event = %self.event, reason, "an event is not delivered to a platform");
        metrics::counter!("bridge_undelivered_total", "platform" => self.lane.0.key()).increment(1);
        let words = refusal_text(refusal, self.bridges.0.settings.language);
        let name = self.bridges.name_of(self.lane);
        let unique = format!("undelivered/{}/{}", self.lane.1, self.event);
        let values = [("conversation", name.as_str()), ("reason", &words)];
        let answered = Some(self.event.clone());
        self.bridges.notice_about(
            &mut self.batch,
            &self.room,
            &unique,
            "bridge.told.undelivered",
            &values,
            answered,
        );
    }

    /// The room became encrypted: nothing can be read any more, so nothing is bound to it.
    async fn encrypted(&mut self) -> Result<(), Stuck> {
        let name = self.bridges.name_of(self.lane);
        let unique = format!("encrypted/{}/{}", self.lane.1, self.event);
        self.bridges.notice(
            &mut self.batch,
            &self.room,
            &unique,
            "bridge.told.encrypted",
            &[("conversation", &name)],
        );
        let bridges = self.bridges;
        Ok(bridges.release(&mut self.batch, self.lane).await?)
    }
}
