//! What a platform answers nonsense to. It is tried again, because it may have been done and a repeat says so; and not for ever, or one
//! message would stop a conversation that works.

use store::{Batch, StoreError};
use tokio::time::Instant;

use crate::{
    Bridges, cards, entries,
    into_room::Bringing,
    lanes::Lane,
    limits::{SENSELESS_ALONE_MAX, SENSELESS_MAX},
    line::LineNow,
    tables::{INBOX, InboxRow, OUTBOX, OutboxRow, Place},
    to_platform::identified,
    work::{Direction, first},
};

impl Bridges {
    /// The platform answered nonsense to the first row of a lane: takes the row away and tells the room, if that was so for long
    /// enough. Whether it did.
    pub(crate) async fn gives_up(
        &self,
        direction: Direction,
        lane: &Lane,
        reason: &str,
    ) -> Result<bool, StoreError> {
        match direction {
            Direction::In => match first(&self.0.store, &INBOX, lane).await? {
                Some((place, row)) => self.gives_up_arrival(lane, place, &row, reason).await,
                None => Ok(false),
            },
            Direction::Out => match first(&self.0.store, &OUTBOX, lane).await? {
                Some((place, row)) => self.gives_up_event(lane, place, &row, reason).await,
                None => Ok(false),
            },
        }
    }

    async fn gives_up_arrival(
        &self,
        lane: &Lane,
        place: Place,
        row: &InboxRow,
        reason: &str,
    ) -> Result<bool, StoreError> {
        // What comes shows that the platform is there.
        let is_up = self.seat(lane.0).is_some_and(|seat| matches!(*seat.line.borrow(), LineNow::Up(_)));
        if !self.is_hopeless(lane, self.0.inbound.senseless_since(lane, place), is_up) {
            return Ok(false);
        }
        let mut batch = Batch::new();
        if let Some(room) = self.portals().room_of(lane) {
            let mut bringing = Bringing { bridges: self, lane, room, row, batch };
            bringing.told(reason, false);
            batch = bringing.batch;
        }
        self.end_arrival(&mut batch, lane, place, row);
        self.0.store.commit(batch).await?;
        Ok(true)
    }

    async fn gives_up_event(
        &self,
        lane: &Lane,
        place: Place,
        row: &OutboxRow,
        reason: &str,
    ) -> Result<bool, StoreError> {
        if !self.is_hopeless(lane, self.outbound().senseless_since(lane, place), false) {
            return Ok(false);
        }
        let mut batch = Batch::new();
        let json: serde_json::Value = serde_json::from_str(&row.event).unwrap_or_default();
        let event = identified(&json).map(|(event, _)| event);
        let trace = event.as_ref().map(ToString::to_string).unwrap_or_default();
        tracing::warn!(network = lane.0.key(), conversation = %lane.1, reason, trace, "what a platform answers nonsense to is not tried any more");
        metrics::counter!("bridge_undelivered_total", "platform" => lane.0.key()).increment(1);
        // What bots have for a platform stands in their rooms all the same.
        let is_said = !cards::is_card(&json) && !entries::is_entry(&json);
        if let (Some(room), Some(event), true) = (self.portals().room_of(lane), event, is_said) {
            let unique = format!("senseless/{}/{event}", lane.1);
            let name = self.name_of(lane);
            let values = [("conversation", name.as_str())];
            self.notice_about(&mut batch, &room, &unique, "bridge.told.senseless", &values, Some(event));
        }
        if let Some(seat) = self.seat(lane.0) {
            self.show_instead(seat, &json, &mut batch).await?;
        }
        self.outbound().end(&mut batch, &OUTBOX, lane, place);
        self.0.store.commit(batch).await?;
        Ok(true)
    }

    /// Whether another try is of no use, after nonsense since this moment.
    fn is_hopeless(&self, lane: &Lane, since: Instant, is_there: bool) -> bool {
        let answers = || self.seat(lane.0).is_some_and(|seat| seat.reach.answered_since(since));
        let waited = since.elapsed();
        waited >= SENSELESS_ALONE_MAX || (waited >= SENSELESS_MAX && (is_there || answers()))
    }
}
