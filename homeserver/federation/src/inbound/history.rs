//! Fetching history that local users want to see and this server does not have.
//! <https://spec.matrix.org/v1.19/server-server-api/#backfilling-and-retrieving-missing-events>

use model::{RoomNum, TimelinePos};
use rooms::{ForeignEvent, Gap, RoomsError, TimelineRange, Verdict};
use ruma::api::Direction;
use ruma::api::federation::backfill::get_backfill::v1 as backfill;
use ruma::{OwnedEventId, UInt};
use tokio::time::timeout;

use super::InboundError;
use super::fetch::Search;
use super::intake::parents_first;
use super::limits::{HISTORY_EVENTS_MAX, HISTORY_ROUNDS_MAX, HISTORY_TIME_MAX, QUESTION_TIME_MAX};
use crate::Federation;
use crate::client::Limits;

impl Federation {
    /// Makes sure, as far as others can help within some seconds, that at least `wanted` events lie before a place of a
    /// room's timeline without a gap. What cannot be had is not missed: the caller reads what is there.
    ///
    /// # Errors
    /// The store's own.
    pub async fn fetch_history(
        &self,
        room: RoomNum,
        before: TimelinePos,
        wanted: usize,
    ) -> Result<(), InboundError> {
        let wanted = wanted.clamp(1, HISTORY_EVENTS_MAX as usize);
        let fetching = async {
            for _ in 0..HISTORY_ROUNDS_MAX {
                let Some(gap) = self.gap_in_the_way(room, before, wanted).await? else { return Ok(()) };
                if self.fill(room, &gap).await? == 0 {
                    return Ok(());
                }
            }
            Ok(())
        };
        timeout(HISTORY_TIME_MAX, fetching).await.unwrap_or(Ok(()))
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
    async fn fill(&self, room: RoomNum, gap: &Gap) -> Result<usize, InboundError> {
        let rooms = &self.parts().rooms;
        let room_id = rooms.room_id(rooms.store(), room).await?;
        let version = rooms.room_version(rooms.store(), room).await?;
        for server in self.servers_to_ask(room, &[]).await? {
            let mut request =
                backfill::Request::new(room_id.clone(), gap.missing.clone(), UInt::from(HISTORY_EVENTS_MAX));
            request.v.truncate(HISTORY_EVENTS_MAX as usize);
            let limits = Limits::default().within(QUESTION_TIME_MAX);
            let pdus = match self.client().send(&server, request, limits).await {
                Ok(answer) => answer.pdus,
                Err(error) => {
                    tracing::debug!(%server, %room_id, %error, "history cannot be had there");
                    continue;
                }
            };
            let pdus: Vec<_> = pdus.into_iter().take(HISTORY_EVENTS_MAX as usize).collect();
            let mut verified = self.verified_ones(&pdus, version).await;
            verified.retain(|pdu| pdu.room_id() == room_id);
            let mut search = Search::new(self, room, &room_id, version, vec![server]);
            let kept = search.keep_past(verified).await?;
            let placed = rooms.fill_gap(room, gap, &kept).await?;
            if placed > 0 {
                return Ok(placed);
            }
        }
        Ok(0)
    }
}

impl Search<'_> {
    /// Judges events of the past, the oldest first. One that cannot be completed spoils no other.
    async fn keep_past(&mut self, events: Vec<model::Pdu>) -> Result<Vec<OwnedEventId>, RoomsError> {
        let rooms = self.federation.parts().rooms.clone();
        let mut kept = Vec::with_capacity(events.len());
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
            match rooms.keep_history(self.room, ForeignEvent { pdu, states }).await? {
                Verdict::Kept | Verdict::Known | Verdict::Accepted { .. } => kept.push(event_id),
                Verdict::SoftFailed | Verdict::Rejected(_) => {}
            }
        }
        Ok(kept)
    }
}
