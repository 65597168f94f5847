//! Bringing in what events name as their authority.

use std::collections::HashMap;

use model::Pdu;
use rooms::RoomsError;
use ruma::OwnedEventId;

use super::fetch::Search;

impl Search<'_> {
    /// Makes sure that everything an event names as its authority is known. Says whether it is.
    pub async fn complete_authority(&mut self, pdu: &Pdu) -> Result<bool, RoomsError> {
        let rooms = self.federation.parts().rooms.clone();
        let missing = rooms.unknown_events(self.room, pdu.auth_events()).await?;
        if missing.is_empty() {
            return Ok(true);
        }
        self.meet_others().await?;
        let chain = self.auth_chain(pdu.event_id()).await;
        rooms.keep_judged(self.room, chain).await?;
        let missing = rooms.unknown_events(self.room, pdu.auth_events()).await?;
        if missing.is_empty() {
            return Ok(true);
        }
        self.fetch_with_authority(missing).await?;
        Ok(rooms.unknown_events(self.room, pdu.auth_events()).await?.is_empty())
    }

    /// Fetches events one by one, and what they name in turn, until everything is known or the budget is spent.
    pub async fn fetch_with_authority(&mut self, mut wanted: Vec<OwnedEventId>) -> Result<(), RoomsError> {
        let rooms = self.federation.parts().rooms.clone();
        let mut found: HashMap<OwnedEventId, Pdu> = HashMap::new();
        let mut tried: Vec<OwnedEventId> = Vec::new();
        while let Some(event_id) = wanted.pop() {
            if found.contains_key(&event_id) || tried.contains(&event_id) {
                continue;
            }
            tried.push(event_id.clone());
            let Some(pdu) = self.event(&event_id).await else { continue };
            wanted.extend(rooms.unknown_events(self.room, pdu.auth_events()).await?);
            found.insert(event_id, pdu);
        }
        let left_out = rooms.keep_judged(self.room, found.into_values().collect()).await?;
        if left_out > 0 {
            tracing::debug!(room_id = %self.room_id, left_out, "events without a complete auth chain");
        }
        Ok(())
    }
}
