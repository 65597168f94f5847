//! Rooms that were entered before their members were known: when these are, servers are found that heard nothing yet of
//! the devices of our users.

use model::StreamPos;
use store::Snapshot;
use streams::Fact;

use super::limits::COMPLETED_LOCALS_MAX;
use super::queues::Harvest;
use super::{Sender, SenderError};

impl Sender {
    /// Introduces the devices of our users to the servers of rooms whose members came in.
    pub(super) async fn take_completed(
        &self,
        snapshot: &Snapshot,
        facts: &[(StreamPos, Fact)],
        harvest: &mut Harvest,
    ) -> Result<(), SenderError> {
        for (position, fact) in facts {
            let Fact::Completed { room } = fact else { continue };
            let locals = self.0.parts.rooms.local_members(*room).await?;
            for user in locals.iter().take(COMPLETED_LOCALS_MAX) {
                self.introduce_devices(snapshot, user, (*room, true), *position, harvest).await?;
            }
        }
        Ok(())
    }
}
