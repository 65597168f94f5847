//! The reader of the stream that notices when the last room shared with a user of another server ends: from then on
//! nobody announces their changes to us, so the list that is kept cannot be trusted, not even when rooms are shared again.

use base::Shutdown;
use model::{Pdu, RoomNum, StreamPos};
use rooms::{Membership, RoomsError};
use ruma::UserId;
use serde::Deserialize;
use store::Batch;
use streams::{Fact, Page, StreamReader};

use crate::{Federation, InboundError, limits::LISTS_MARKED_PER_BATCH_MAX};

/// The name of this reader of the stream.
pub const CURSOR: &str = "device-lists";

struct Parting(Federation);

impl StreamReader for Parting {
    type Error = InboundError;

    // Lists are kept since this reader exists.
    const NAME: &'static str = CURSOR;

    async fn take(&mut self, page: &mut Page) -> Result<(), InboundError> {
        let snapshot = page.snapshot().clone();
        for (position, fact) in page.facts().await? {
            let Fact::Event { room, event } = fact else { continue };
            match self.0.parts().rooms.pdu(&snapshot, event).await {
                Ok(pdu) => self.0.take_parting(page, position, room, &pdu).await?,
                Err(RoomsError::Corrupt(what)) => tracing::debug!(what, "skip a fact of what is gone"),
                Err(error) => return Err(error.into()),
            }
        }
        Ok(())
    }
}

#[derive(Deserialize)]
struct Content {
    membership: String,
}

impl Federation {
    pub(super) async fn mark_parted(&self, shutdown: &Shutdown) {
        streams::follow(&self.parts().store, &mut Parting(self.clone()), shutdown).await;
    }

    async fn take_parting(
        &self,
        page: &mut Page,
        position: StreamPos,
        room: RoomNum,
        pdu: &Pdu,
    ) -> Result<(), InboundError> {
        if pdu.kind() != "m.room.member" {
            return Ok(());
        }
        let Some(user) = pdu.state_key().and_then(|key| UserId::parse(key).ok()) else { return Ok(()) };
        let Ok(content) = pdu.content_as::<Content>() else { return Ok(()) };
        match Membership::parse(&content.membership) {
            Some(Membership::Leave | Membership::Ban) => {}
            Some(Membership::Join | Membership::Invite | Membership::Knock) | None => return Ok(()),
        }
        if !self.parts().rooms.is_local(&user) {
            return self.mark_if_parted(&mut page.batch, &user, room, position).await;
        }
        if self.locals_stayed(room, position).await? {
            return Ok(());
        }
        // The last of ours went: with everybody of this room.
        let rooms = &self.parts().rooms;
        for (member, row) in rooms.members(page.snapshot(), room).await? {
            if row.membership == Membership::Join && !rooms.is_local(&member) {
                self.mark_if_parted(&mut page.batch, &member, room, position).await?;
            }
            if page.batch.writes() >= LISTS_MARKED_PER_BATCH_MAX {
                self.parts().store.commit(std::mem::take(&mut page.batch)).await?;
            }
        }
        Ok(())
    }

    /// Whether one of ours was in the room before this position and still is.
    async fn locals_stayed(&self, room: RoomNum, position: StreamPos) -> Result<bool, RoomsError> {
        let rooms = &self.parts().rooms;
        for local in rooms.local_members(room).await?.iter() {
            let member = rooms.member(rooms.store(), room, local).await?;
            if member.is_some_and(|member| member.position < position) {
                return Ok(true);
            }
        }
        Ok(false)
    }

    async fn mark_if_parted(
        &self,
        batch: &mut Batch,
        user: &UserId,
        room: RoomNum,
        position: StreamPos,
    ) -> Result<(), InboundError> {
        let (keys, store) = (&self.parts().keys, &self.parts().store);
        if keys.keeps_list_of(store, user).await?
            && !self.shared_a_room_before(user, Some(room), position).await?
        {
            keys.mark_stale(store, batch, user).await?;
        }
        Ok(())
    }
}
