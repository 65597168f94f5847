//! Events that come as news and belong into a gap: what was built on them has its place already. At the end of the timeline they
//! would stand behind it.
//!
//! Whoever brings an event has looked for such a gap before. Here the lock of the room is held, so what others fetched and
//! placed meanwhile counts as well.

use model::{Pdu, RoomNum};

use super::Writer;
use super::history::Gap;
use crate::{Rooms, RoomsError};

impl Rooms {
    /// The gap that names an event, after everything that was kept has its place. Rooms without a gap that was left while
    /// this server followed them cost no read.
    pub(super) async fn gap_naming(
        &self,
        room: RoomNum,
        writer: &mut Writer,
        pdu: &Pdu,
    ) -> Result<Option<Gap>, RoomsError> {
        let open = self.open_gaps(room, pdu.event_id(), pdu.depth()).await?;
        let Some(newest) = open.first() else { return Ok(None) };
        // Where memberships are missing, nothing but what a gap names is put into it.
        if !self.is_partial(room) {
            self.try_fill_gaps_up_to(room, writer, newest, &mut 0).await?;
        }
        let open = self.open_gaps(room, pdu.event_id(), pdu.depth()).await?;
        Ok(open.into_iter().find(|gap| gap.names(pdu.event_id())))
    }
}
