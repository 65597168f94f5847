//! What is told beside rooms, each part in a file of its own. Unknown extensions never come here.

mod account_data;
mod e2ee;
mod profiles;
mod receipts;
mod sticky_events;
mod threads;
mod to_device;
mod typing;

use model::RoomNum;
use ruma::OwnedRoomId;

use super::{
    payload::FreshRooms,
    progress::{Pending, Progress, SentRoom},
    request::SlidingRequest,
    scope::{InScope, Scope},
};
use crate::{SyncError, context::Context, json::JsonWriter};

pub(super) use to_device::acknowledge;

/// What the extensions look at.
pub(super) struct Extending<'a> {
    /// The answer under construction.
    pub context: &'a Context<'a>,
    /// What is asked.
    pub request: &'a SlidingRequest,
    /// What the client has.
    pub progress: &'a Progress,
    /// The rooms that the request is about.
    pub scope: &'a Scope,
    /// Rooms that are new to the client with this answer.
    pub fresh: &'a FreshRooms,
    /// Rooms in scope of which something may have changed, as numbers into the scope.
    pub touched: &'a [usize],
    /// What the client will have.
    pub pending: &'a mut Pending,
}

/// Writes `extensions`. Answers whether they say anything new.
pub(super) async fn write(extending: &mut Extending<'_>, json: &mut JsonWriter) -> Result<bool, SyncError> {
    json.key("extensions").open(b'{');
    let mut news = to_device::write(extending, json).await?;
    news |= e2ee::write(extending, json).await?;
    news |= account_data::write(extending, json).await?;
    news |= receipts::write(extending, json).await?;
    news |= typing::write(extending, json).await?;
    news |= threads::write(extending, json).await?;
    news |= sticky_events::write(extending, json).await?;
    news |= profiles::write(extending, json).await?;
    json.close(b'}');
    Ok(news)
}

impl Extending<'_> {
    /// What the client has of a room, this answer included.
    fn sent(&self, room: RoomNum) -> Option<&SentRoom> {
        self.pending.rooms.get(&room).or_else(|| self.progress.rooms.get(&room))
    }

    /// The same, to be changed.
    fn sent_mut(&mut self, room: RoomNum) -> Option<&mut SentRoom> {
        if !self.pending.rooms.contains_key(&room) {
            let sent = self.progress.rooms.get(&room)?.clone();
            self.pending.rooms.insert(room, sent);
        }
        self.pending.rooms.get_mut(&room)
    }

    async fn room_id(&self, room: &InScope) -> Result<OwnedRoomId, SyncError> {
        Ok(self.context.inner.parts.rooms.room_id(self.context.reader(), room.entry.room).await?)
    }
}
