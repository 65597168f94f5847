//! More is said in a room than waits for a conversation while its platform is away. The lane notes where it is: when what waits
//! is worked off, the room is read on from there, so nothing is lost and no platform holds up the others.
//!
//! From the first event that has no place until the room is read to its end nothing goes into the lane behind it: order is the
//! room's. Each transaction with more of it counts one up, and the end of the reading rests on that number, so nothing is
//! missed in between.

use kit::{CallError, PREFIX};
use model::StreamPos;
use ruma::{OwnedEventId, OwnedRoomId, RoomId};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use store::{Batch, Scan, Store, StoreError};

use crate::{
    Bridges,
    error::Stuck,
    lanes::{Lane, Next},
    limits::{MORE_EVENTS, OUTBOX_ROWS_MAX},
    overhear::Envelope,
    tables::{AFTER_ALL, IN_TURN, OUTBOX, OutboxRow, Place, STILL_MORE},
    way::Way,
};

/// Where there is more.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct More {
    pub room: OwnedRoomId,
    pub from: Start,
}

/// Where a room is read on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Start {
    /// At this event, which has no place.
    Event(OwnedEventId),
    /// At a place that the homeserver named.
    Place(String),
}

/// The type of such a row. No room brings one: what rooms say is carried by type.
fn kind() -> String {
    format!("{PREFIX}bridge.more")
}

impl More {
    /// As it stands in the outbox.
    pub fn to_event(&self) -> String {
        json!({ "type": kind(), "content": self }).to_string()
    }

    /// What a row of the outbox says.
    pub fn read(event: &str) -> Option<Self> {
        let event: Value = serde_json::from_str(event).ok()?;
        (event["type"] == kind()).then(|| Self::deserialize(&event["content"]).ok()).flatten()
    }
}

impl Way {
    /// Which lanes have more than they hold, from before.
    pub async fn load_more(&self, store: &Store, lanes: &[Lane]) -> Result<(), StoreError> {
        for lane in lanes {
            if let Some(row) = store.get(&OUTBOX, &counter(lane)).await? {
                self.more.lock().insert(lane.clone(), row.received_ms);
            }
        }
        Ok(())
    }

    /// Whether an event finds no place in a lane: it holds as many as it may, its platform does, or more came before it.
    pub fn is_for_later(&self, lane: &Lane) -> bool {
        self.more.lock().contains_key(lane) || self.is_full(lane) || self.rows_of(lane.0) >= OUTBOX_ROWS_MAX
    }

    /// Leaves an event in its room for later.
    pub fn leave(
        &self,
        batch: &mut Batch,
        lane: &Lane,
        (room, event): (&RoomId, &OwnedEventId),
        received_ms: u64,
    ) {
        let (network, conversation) = (lane.0.key(), lane.1.as_str());
        let counted = self.more.lock().get(lane).copied();
        let row = |count: u64| OutboxRow { event: String::new(), received_ms: count };
        match counted {
            Some(count) => batch.expect_eq(&OUTBOX, &counter(lane), &row(count)),
            None => {
                let place = (network, conversation, AFTER_ALL, batch.position());
                let more = More { room: room.to_owned(), from: Start::Event(event.clone()) };
                batch.put(&OUTBOX, &place, &OutboxRow { event: more.to_event(), received_ms });
                batch.expect_absent(&OUTBOX, &counter(lane))
            }
        };
        let count = counted.map_or(0, |count| count.saturating_add(1));
        batch.put(&OUTBOX, &counter(lane), &row(count));
        let (lanes, more, lane) = (self.lanes.clone(), self.more.clone(), lane.clone());
        batch.on_visible(move |_| {
            more.lock().insert(lane.clone(), count);
            lanes.wake(&lane);
        });
    }
}

/// The row that counts.
fn counter(lane: &Lane) -> (&str, &str, u64, StreamPos) {
    (lane.0.key(), lane.1.as_str(), STILL_MORE, StreamPos::ZERO)
}

impl Bridges {
    /// Reads on in the room of a lane whose other rows are worked off.
    pub(crate) async fn read_more(&self, lane: &Lane, place: Place, row: &OutboxRow) -> Result<Next, Stuck> {
        let mut batch = Batch::new();
        // An older version noted only that there was more, not where. What was left since is behind it and is read all the same.
        if place.0 == AFTER_ALL && row.event.is_empty() {
            self.more_than_read(&mut batch, lane);
            self.outbound().end(&mut batch, &OUTBOX, lane, place);
            self.0.store.commit(batch).await?;
            return Ok(Next::Again);
        }
        let counted = self.0.store.get(&OUTBOX, &counter(lane)).await?;
        let more = More::read(&row.event).filter(|_| place.0 == AFTER_ALL);
        let bound = self.portals().room_of(lane);
        let next = match more {
            Some(more) if bound.as_ref() == Some(&more.room) => {
                self.read_page(&mut batch, lane, &more).await?
            }
            // It cannot be read any more: the room is another one.
            Some(_) | None => {
                self.more_than_read(&mut batch, lane);
                None
            }
        };
        match next {
            Some(more) => {
                let row = OutboxRow { event: more.to_event(), received_ms: row.received_ms };
                batch.put(&OUTBOX, &(lane.0.key(), lane.1.as_str(), place.0, place.1), &row);
            }
            None => {
                batch.expect_read(&OUTBOX, &counter(lane), counted.as_ref());
                self.end_more(&mut batch, lane).await?;
            }
        }
        match self.0.store.commit(batch).await {
            // More came meanwhile: it is read as well.
            Ok(_) | Err(StoreError::Conflict) => Ok(Next::Again),
            Err(error) => Err(error.into()),
        }
    }

    /// Puts the next events of a room into the lane; where it goes on behind them.
    async fn read_page(&self, batch: &mut Batch, lane: &Lane, more: &More) -> Result<Option<More>, Stuck> {
        let (bot, room) = (self.bot_intent()?, &more.room);
        let read = match &more.from {
            Start::Event(event) => match bot.event_of(room, event).await? {
                Some(first) => bot.place_behind(room, event).await.map(|place| (vec![first], Some(place))),
                None => {
                    self.more_than_read(batch, lane);
                    return Ok(None);
                }
            },
            Start::Place(place) => bot.read_on(room, place, MORE_EVENTS).await,
        };
        let (events, next) = match read {
            Ok(read) => read,
            Err(CallError::Refused { code, .. }) => {
                tracing::warn!(conversation = %lane.1, %room, code, "a room cannot be read on");
                self.more_than_read(batch, lane);
                return Ok(None);
            }
            Err(error) => return Err(error.into()),
        };
        for event in &events {
            if self.is_for(lane, event).await? {
                let row = OutboxRow { event: event.to_string(), received_ms: self.0.clock.now_ms() };
                self.outbound().put(batch, &OUTBOX, lane, IN_TURN, &row);
            }
        }
        // A page without events is not the end: the homeserver leads across what it does not show. A place that does not move is.
        let next = next.filter(|next| !matches!(&more.from, Start::Place(place) if place == next));
        Ok(next.map(|place| More { room: room.clone(), from: Start::Place(place) }))
    }

    /// Whether an event that is read in a room is for a lane of it.
    async fn is_for(&self, lane: &Lane, event: &Value) -> Result<bool, StoreError> {
        let Ok(envelope) = Envelope::deserialize(event) else { return Ok(false) };
        let Ok(sender) = ruma::UserId::parse(&envelope.sender) else { return Ok(false) };
        let is_said_by_us = self.speaks_for(&sender).await?;
        let carried = self.0.switchboard.carried(&envelope, &sender, is_said_by_us);
        Ok(carried.is_some_and(|origin| origin.as_ref() != Some(lane)))
    }

    /// There is no more in the room than in the lane.
    async fn end_more(&self, batch: &mut Batch, lane: &Lane) -> Result<(), StoreError> {
        let of = (lane.0.key(), lane.1.as_str());
        let rows = Scan::prefix(&of).from(&(of.0, of.1, AFTER_ALL, StreamPos::ZERO));
        for (network, conversation, time, position) in self.0.store.scan_keys(&OUTBOX, rows).await? {
            batch.delete(&OUTBOX, &(&*network, &*conversation, time, position));
        }
        let (more, lane) = (self.outbound().more.clone(), lane.clone());
        batch.on_visible(move |_| {
            more.lock().remove(&lane);
        });
        Ok(())
    }

    /// More was said than the lane held, and it cannot be read any more: the room is told that it is not there.
    fn more_than_read(&self, batch: &mut Batch, lane: &Lane) {
        let Some(room) = self.portals().room_of(lane) else { return };
        metrics::counter!("bridge_undelivered_total", "platform" => lane.0.key()).increment(1);
        let unique = format!("more/{}/{}", lane.1, self.0.clock.now_ms());
        let name = self.name_of(lane);
        self.notice(batch, &room, &unique, "bridge.told.more", &[("conversation", &name)]);
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use bridge_api::{ConversationId, Network};
    use store::{Identity, MemoryKv};

    use super::*;
    use crate::limits::LANE_ROWS_MAX;

    #[tokio::test]
    async fn a_platform_with_as_many_rows_as_it_may_have_holds_up_no_other() {
        let name = <&ruma::ServerName>::try_from("test").expect("valid");
        let identity = Identity::new(name, &base::Clock::fake(1));
        let store = Store::open(Arc::new(MemoryKv::new()), crate::tables(), identity, Vec::new()).await;
        let (store, way) = (store.expect("opens"), Way::default());
        let lane =
            |network, number: usize| (network, ConversationId::new(format!("c{number}")).expect("valid"));
        let row = OutboxRow { event: "{}".to_owned(), received_ms: 1 };
        for number in 0..OUTBOX_ROWS_MAX / LANE_ROWS_MAX {
            assert!(!way.is_for_later(&lane(Network::WeCom, number)));
            for _ in 0..LANE_ROWS_MAX / 500 {
                let mut batch = Batch::new();
                for _ in 0..500 {
                    way.put(&mut batch, &OUTBOX, &lane(Network::WeCom, number), IN_TURN, &row);
                }
                store.commit(batch).await.expect("committed");
            }
            assert!(way.is_for_later(&lane(Network::WeCom, number)), "the lane has what it may have");
        }
        assert!(way.is_for_later(&lane(Network::WeCom, 99)), "and so does its platform");
        assert!(!way.is_for_later(&lane(Network::DingTalk, 0)), "another one has all its places");
    }

    #[test]
    fn a_place_is_read_as_it_was_written_and_nothing_else_is_one() {
        let room = OwnedRoomId::try_from("!r:test").expect("valid");
        let event = OwnedEventId::try_from("$e").expect("valid");
        for from in [Start::Event(event), Start::Place("t1".to_owned())] {
            let more = More { room: room.clone(), from };
            assert_eq!(More::read(&more.to_event()), Some(more));
        }
        for other in
            ["", "{}", r#"{"type":"m.room.message","content":{"room":"!r:test","from":{"place":"x"}}}"#]
        {
            assert_eq!(More::read(other), None);
        }
    }
}
