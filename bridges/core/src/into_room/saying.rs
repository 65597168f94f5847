//! How an arrival becomes events of a room: by whom, once for every try, with the mark of where it comes from.

use kit::CallError;
use ruma::{EventId, OwnedEventId, OwnedUserId, RoomId};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};
use store::Batch;

use super::Bringing;
use crate::{
    MARK,
    error::Stuck,
    ghosts::Ghost,
    limits::{DAY_MS, MOVING_MS},
    names::{hex, is_ghost},
    tables::GHOST_ROOMS,
};

impl Bringing<'_> {
    /// The transaction id of what comes of the arrival: the same for every try.
    pub(crate) fn transaction(&self, what: &str) -> String {
        let (network, conversation) = (self.network().key(), self.lane.1.as_str());
        hex(&Sha256::digest(format!("{network}/{conversation}/{what}"))).chars().take(40).collect()
    }

    /// Our mark: where it comes from, so that it does not go back there.
    pub(crate) fn mark(&self) -> Value {
        let message = self.row.arrival.what.message().map(ToString::to_string);
        json!({
            "v": 1, "network": self.network().key(), "conversation": self.lane.1.as_str(), "message": message,
            "at_ms": self.row.arrival.at_ms,
        })
    }

    /// Sends an event for somebody; who was removed from the room meanwhile comes back once.
    pub(crate) async fn say(
        &self,
        ghost: &Ghost,
        kind: &str,
        what: &str,
        mut content: Value,
    ) -> Result<OwnedEventId, Stuck> {
        content[MARK] = self.mark();
        let transaction = self.transaction(what);
        let at_ms = self.row.arrival.at_ms.min(self.bridges.0.clock.now_ms());
        let (intent, room) = (&ghost.intent, &self.room);
        match intent.send_at(room, kind, &transaction, content.clone(), at_ms).await {
            Err(CallError::Refused { code, .. }) if code == "M_FORBIDDEN" => {
                self.bridges.still_speaks(ghost).await?;
                self.come_back(ghost).await?;
                Ok(intent.send_at(room, kind, &transaction, content, at_ms).await?)
            }
            outcome => Ok(outcome?),
        }
    }

    async fn come_back(&self, ghost: &Ghost) -> Result<(), Stuck> {
        let mut batch = Batch::new();
        batch.delete(&GHOST_ROOMS, &(&*ghost.user, &*self.room));
        self.bridges.0.store.commit(batch).await?;
        self.bridges.be_in(ghost, &self.room).await
    }

    /// Takes an event away: as who said it, else as the bot.
    pub(crate) async fn redact(
        &self,
        sender: &OwnedUserId,
        event: &EventId,
        what: &str,
    ) -> Result<(), Stuck> {
        let transaction = self.transaction(what);
        let content = json!({ (MARK): self.mark() });
        let bot = self.bridges.bot_intent()?;
        if is_ghost(sender, &self.bridges.0.server_name) || self.bridges.speaks_for(sender).await? {
            let ghost = self.bridges.0.kit.puppet(sender.clone());
            match ghost.redact(&self.room, event, &transaction, content.clone()).await {
                Err(CallError::Refused { .. }) => {}
                outcome => return Ok(outcome.map(drop)?),
            }
        }
        bot.redact(&self.room, event, &transaction, content).await?;
        Ok(())
    }

    /// A notice of the bot in the room, sent after the commit.
    pub(crate) fn notice(&mut self, key: &str, values: &[(&str, &str)]) {
        let room: &RoomId = &self.room;
        let unique = format!("{key}/{}/{}", self.lane.1, self.row.arrival.key);
        let name = self.bridges.name_of(self.lane);
        let values = [&[("conversation", name.as_str())], values].concat();
        self.bridges.notice(&mut self.batch, room, &unique, key, &values);
    }

    /// Whether the room was replaced a short while ago: what it refuses goes to the room in its place, once the bot is there.
    pub(super) async fn is_moving(&self) -> Result<bool, Stuck> {
        let late_ms = self.bridges.0.clock.now_ms().saturating_sub(self.row.arrival.at_ms);
        if late_ms >= MOVING_MS {
            return Ok(false);
        }
        match self.bridges.bot_intent()?.state(&self.room, "m.room.tombstone", "").await {
            Ok(tombstone) => Ok(tombstone.is_some()),
            Err(CallError::Refused { .. }) => Ok(false),
            Err(error) => Err(error.into()),
        }
    }

    /// People see that something is missing, and support finds it. What the room forbids it forbids to what comes behind it
    /// too: that is said once a day.
    pub(crate) fn told(&mut self, reason: &str, is_forbidden: bool) {
        let trace = self.row.arrival.trace.clone().unwrap_or_else(|| self.row.arrival.key.to_string());
        tracing::warn!(network = self.network().key(), conversation = %self.lane.1, reason, trace, "an arrival cannot be brought into its room");
        metrics::counter!("bridge_left_out_total", "platform" => self.network().key()).increment(1);
        if !is_forbidden {
            return self.notice("bridge.told.lost_in", &[("trace", &trace)]);
        }
        self.once_a_day("forbidden", "bridge.told.forbidden");
    }

    /// The platform keeps what somebody said to itself: each time it is counted, once a day it is said.
    pub(super) async fn withheld(&mut self) -> Result<(), Stuck> {
        if let Some(seat) = self.bridges.seat(self.network()) {
            self.bridges.count_gap(seat).await?;
        }
        self.once_a_day("withheld", "bridge.told.withheld");
        Ok(())
    }

    fn once_a_day(&mut self, what: &str, key: &str) {
        let day = self.bridges.0.clock.now_ms() / DAY_MS;
        let unique = format!("{what}/{}/{}/{}/{day}", self.network().key(), self.lane.1, self.room);
        let name = self.bridges.name_of(self.lane);
        let values = [("conversation", name.as_str())];
        self.bridges.notice(&mut self.batch, &self.room, &unique, key, &values);
    }
}
