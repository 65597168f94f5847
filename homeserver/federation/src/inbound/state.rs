//! The state behind parents that this server does not have: as other servers tell it, event by event checked.

use model::EventNum;
use rooms::RoomsError;
use ruma::{EventId, OwnedEventId};

use super::fetch::Search;
use super::limits::STATE_EVENTS_ONE_BY_ONE_MAX;

impl Search<'_> {
    /// The state after an event of the past, as known events. None when it cannot be had. Never the current state of
    /// the room in its place.
    pub async fn state_after(&mut self, event_id: &EventId) -> Result<Option<Vec<EventNum>>, RoomsError> {
        let Some(mut state) = self.state_before(event_id).await? else { return Ok(None) };
        let rooms = self.federation.parts().rooms.clone();
        if rooms.standing(self.room, event_id).await?.is_none() {
            let Some(pdu) = self.event(event_id).await else { return Ok(None) };
            if !self.complete_authority(&pdu).await? {
                return Ok(None);
            }
            rooms.keep_judged(self.room, vec![pdu]).await?;
        }
        let Some(standing) = rooms.standing(self.room, event_id).await? else { return Ok(None) };
        if rooms.pdu(rooms.store(), standing.event).await?.is_state() && !standing.rejected {
            // Of two entries for one key the last one counts.
            state.push(standing.event);
        }
        Ok(Some(state))
    }

    /// The state before an event, as known events.
    pub async fn state_before(&mut self, event_id: &EventId) -> Result<Option<Vec<EventNum>>, RoomsError> {
        let rooms = self.federation.parts().rooms.clone();
        self.meet_others().await?;
        let Some((state, chain)) = self.state_ids(event_id).await else { return Ok(None) };
        let all: Vec<OwnedEventId> = chain.into_iter().chain(state.iter().cloned()).collect();
        let missing = rooms.unknown_events(self.room, &all).await?;
        if missing.len() > STATE_EVENTS_ONE_BY_ONE_MAX {
            let pdus = self.state(event_id).await;
            rooms.keep_judged(self.room, pdus).await?;
        } else if !missing.is_empty() {
            self.fetch_with_authority(missing).await?;
        }
        let mut known = Vec::with_capacity(state.len());
        let mut has_create = false;
        for event_id in &state {
            let Some(standing) = rooms.standing(self.room, event_id).await? else {
                // Somebody who was not reached may have it. A state without it would be this server's alone for ever.
                if self.was_cut_off {
                    return Ok(None);
                }
                tracing::info!(room_id = %self.room_id, %event_id, "a state event cannot be had and is left out");
                continue;
            };
            let pdu = rooms.pdu(rooms.store(), standing.event).await?;
            has_create |= pdu.is_state_of("m.room.create", "") && !standing.rejected;
            if pdu.is_state() {
                known.push(standing.event);
            }
        }
        Ok(has_create.then_some(known))
    }
}
