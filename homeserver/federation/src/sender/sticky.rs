//! Sticky events (MSC4354) for servers that come into a room: what our users sent before, and what still lasts.

use store::Snapshot;

use super::fan_out::Owed;
use super::queues::Harvest;
use super::{Sender, SenderError};

impl Sender {
    /// Queues our sticky events of the room for the server that came in with this event, if one did. Each has the place
    /// in the queue that its own position gives it, so repeating it changes nothing.
    pub(super) async fn take_sticky(
        &self,
        snapshot: &Snapshot,
        owed: &Owed,
        harvest: &mut Harvest,
    ) -> Result<(), SenderError> {
        let Some(server) = &owed.arrived else { return Ok(()) };
        let parts = &self.0.parts;
        let is_admitted = parts.carrier.allows(server) && parts.rooms.acl_allows(owed.room, server).await?;
        if !is_admitted {
            return Ok(());
        }
        for (position, event) in parts.rooms.own_sticky_events(snapshot, owed.room, owed.position).await? {
            self.queue_event(server, position, (owed.room, event), harvest);
        }
        Ok(())
    }
}
