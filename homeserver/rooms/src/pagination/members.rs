//! Member events of those who wrote what a page shows, for clients that load members lazily.

use std::collections::HashSet;

use bytes::Bytes;
use model::{EventForm, StateNum};
use store::Reader;

use crate::{Rooms, RoomsError, access::Viewer, visibility::Shown};

impl Rooms {
    /// Member events of the senders of these events, as of the newest of them.
    pub(crate) async fn senders_members(
        &self,
        reader: &Reader,
        viewer: Viewer<'_>,
        events: &[Shown],
    ) -> Result<Vec<Bytes>, RoomsError> {
        let Some(newest) = events.iter().max_by_key(|event| event.position) else { return Ok(Vec::new()) };
        self.members_at(reader, viewer, newest.meta.state_after, events).await
    }

    pub(crate) async fn members_at(
        &self,
        reader: &Reader,
        viewer: Viewer<'_>,
        state: StateNum,
        events: &[Shown],
    ) -> Result<Vec<Bytes>, RoomsError> {
        let mut seen = HashSet::new();
        let mut members = Vec::new();
        for event in events {
            let sender = event.pdu.sender();
            if seen.insert(sender.to_owned()) {
                members.extend(self.state_num_at(reader, state, "m.room.member", sender.as_str()).await?);
            }
        }
        self.state_events(reader, viewer, &members, EventForm::Full).await
    }
}
