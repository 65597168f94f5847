//! What stands behind events in the auth graph.

use std::collections::BTreeSet;

use model::EventNum;

use crate::limits::AUTH_CHAIN_EVENTS_MAX;
use crate::{Rooms, RoomsError, resolution};

impl Rooms {
    /// Every event behind these, without them; at most [`AUTH_CHAIN_EVENTS_MAX`].
    ///
    /// # Errors
    /// The store's own, and damage.
    pub async fn auth_chain(&self, events: &[EventNum]) -> Result<Vec<EventNum>, RoomsError> {
        let store = &self.parts.store;
        let asked: BTreeSet<EventNum> = events.iter().copied().collect();
        let mut first: BTreeSet<EventNum> = BTreeSet::new();
        let mut state = Vec::new();
        for event in &asked {
            if self.meta(store, *event).await?.chain == 0 {
                // A message has no place in the graph; what it names has.
                let pdu = self.pdu(store, *event).await?;
                first.extend(self.event_nums(store, pdu.auth_events()).await?.into_iter().flatten());
            } else {
                state.push(*event);
            }
        }
        let mut found = resolution::ancestors(self, store, &state, AUTH_CHAIN_EVENTS_MAX).await?;
        let named: Vec<EventNum> = first.iter().copied().collect();
        found.extend(resolution::ancestors(self, store, &named, AUTH_CHAIN_EVENTS_MAX).await?);
        found.extend(first);
        Ok(found.into_iter().filter(|event| !asked.contains(event)).take(AUTH_CHAIN_EVENTS_MAX).collect())
    }
}
