//! Fetching history that local users want to see and this server does not have.
//! <https://spec.matrix.org/v1.19/server-server-api/#backfilling-and-retrieving-missing-events>

use model::{Pdu, RoomNum, TimelinePos};
use rooms::{ForeignEvent, Gap, RoomsError, TimelineRange, parents_first};
use ruma::api::Direction;
use tokio::time::timeout;

use super::InboundError;
use super::fetch::Search;
use super::limits::{GAP_ROUNDS_MAX, HISTORY_EVENTS_MAX, HISTORY_ROUNDS_MAX, HISTORY_TIME_MAX};
use crate::Federation;

impl Federation {
    /// Makes sure, as far as others can help within some seconds, that at least `wanted` events lie before a place of a
    /// room's timeline without a gap. What cannot be had, or cannot be put in because others write to the room all the
    /// time, is not missed: the caller reads what is there. Says whether asking for what lies further back is worth while:
    /// something is missing, and nobody failed to give it.
    ///
    /// # Errors
    /// The store's own.
    pub async fn fetch_history(
        &self,
        room: RoomNum,
        before: TimelinePos,
        wanted: usize,
    ) -> Result<bool, InboundError> {
        let wanted = wanted.clamp(1, HISTORY_EVENTS_MAX as usize * HISTORY_ROUNDS_MAX);
        let (mut had_some, mut is_stuck) = (false, false);
        let fetching = async {
            let mut tried = None;
            for _ in 0..HISTORY_ROUNDS_MAX {
                let Some(gap) = self.gap_in_the_way(room, before, wanted).await? else { return Ok(()) };
                // A gap that is as it was cannot be filled; one that moved was filled, by us or by somebody else.
                is_stuck = tried.as_ref() == Some(&gap);
                if is_stuck {
                    return Ok(());
                }
                had_some |= self.fill(room, &gap).await? > 0;
                tried = Some(gap);
            }
            Ok(())
        };
        match timeout(HISTORY_TIME_MAX, fetching).await {
            Ok(Err(InboundError::Rooms(error @ RoomsError::Contended))) => {
                tracing::debug!(?room, %error, "history that was fetched has no place yet");
            }
            Ok(Err(error)) => return Err(error),
            Ok(Ok(())) => {}
            Err(_) => is_stuck |= !had_some,
        }
        Ok(!is_stuck && self.parts().rooms.gap_before(room, before).await?.is_some())
    }

    async fn gap_in_the_way(
        &self,
        room: RoomNum,
        before: TimelinePos,
        wanted: usize,
    ) -> Result<Option<Gap>, RoomsError> {
        let rooms = &self.parts().rooms;
        let Some(gap) = rooms.gap_before(room, before).await? else { return Ok(None) };
        if gap.at > before {
            return Ok(Some(gap));
        }
        let since = TimelineRange::between(gap.at.previous(), before);
        let between = rooms.timeline(rooms.store(), room, since, Direction::Backward, wanted).await?;
        Ok((between.len() < wanted).then_some(gap))
    }

    /// Asks for what is missing before a gap. Returns how many events were put in.
    async fn fill(&self, room: RoomNum, gap: &Gap) -> Result<usize, RoomsError> {
        let rooms = &self.parts().rooms;
        let room_id = rooms.room_id(rooms.store(), room).await?;
        let version = rooms.room_version(rooms.store(), room).await?;
        Search::new(self, room, &room_id, version, Vec::new()).fill(gap).await
    }
}

impl Search<'_> {
    /// Asks one server after the other for what is missing before a gap, until one helps. Returns how many events were
    /// put in.
    async fn fill(&mut self, gap: &Gap) -> Result<usize, RoomsError> {
        // What somebody fetched who was cut off is here already.
        let placed = self.federation.parts().rooms.fill_gap(self.room, gap).await?;
        if placed > 0 {
            return Ok(placed);
        }
        self.meet_others().await?;
        let all = std::mem::take(&mut self.servers);
        let mut placed = Ok(0);
        for server in &all {
            // What the answer refers to is asked for at the same place.
            self.servers = vec![server.clone()];
            placed = self.fill_from_first(gap).await;
            if !matches!(placed, Ok(0)) {
                break;
            }
        }
        self.servers = all;
        placed
    }

    async fn fill_from_first(&mut self, gap: &Gap) -> Result<usize, RoomsError> {
        let past = self.history_before(&gap.missing).await;
        self.keep_past(past).await?;
        self.federation.parts().rooms.fill_gap(self.room, gap).await
    }

    /// An event that is older than what stands behind a gap may be missing there. Fills such gaps with what is to be had,
    /// and puts the event where it belongs: at the end of the timeline it would stand behind what was built on it. Says
    /// whether it has its place now.
    pub async fn take_into_gap(&mut self, pdu: &Pdu) -> Result<bool, RoomsError> {
        let rooms = self.federation.parts().rooms.clone();
        for _ in 0..GAP_ROUNDS_MAX {
            let mut open = rooms.open_gaps(self.room, pdu.event_id(), pdu.depth()).await?;
            // Nobody need be asked where it is named. Where state is missing, others have enough to tell as it is.
            open.retain(|gap| gap.names(pdu.event_id()) || !rooms.is_partial(self.room));
            open.sort_by_key(|gap| !gap.names(pdu.event_id()));
            let Some(gap) = open.into_iter().find(|gap| !self.gaps_tried.contains(gap)) else { break };
            if gap.names(pdu.event_id()) {
                self.keep_past(vec![pdu.clone()]).await?;
                rooms.fill_gap(self.room, &gap).await?;
            } else {
                self.fill(&gap).await?;
            }
            if rooms.standing(self.room, pdu.event_id()).await?.is_some_and(|known| known.in_timeline) {
                return Ok(true);
            }
            self.gaps_tried.push(gap);
        }
        Ok(false)
    }

    /// Judges events of the past, the oldest first. One that cannot be completed spoils no other.
    async fn keep_past(&mut self, events: Vec<Pdu>) -> Result<(), RoomsError> {
        let rooms = self.federation.parts().rooms.clone();
        for pdu in parents_first(events) {
            let event_id = pdu.event_id().to_owned();
            if !self.complete_authority(&pdu).await? {
                continue;
            }
            let mut states = Vec::new();
            if !rooms.without_past(self.room, pdu.prev_events()).await?.is_empty() {
                match self.state_before(&event_id).await? {
                    Some(state) => states.push(state),
                    None => continue,
                }
            }
            rooms.keep_history(self.room, ForeignEvent { pdu, states }).await?;
        }
        Ok(())
    }
}
