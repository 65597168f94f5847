//! Which rooms wait for their bot to describe its commands there (see `describing.rs`): those that it has come into, and those where
//! somebody asks what commands there are.

use std::sync::Arc;

use ruma::RoomId;
use store::{Batch, StoreError};

use crate::{
    Heard, Kit,
    descriptions::is_described,
    tables::{PLACE_OF, PLACES, ROOMS, RoomRow, UNDESCRIBED, UndescribedRow},
};

impl Kit {
    /// Has the commands described in a room that the bot has come into, if it is a direct chat or in the place of one of its own.
    pub(crate) async fn want_description(
        &self,
        batch: &mut Batch,
        bot: &str,
        room: &RoomId,
    ) -> Result<(), StoreError> {
        if let Some(row) = self.lacks_description(bot, room).await? {
            self.describe_later(batch, bot, room, &row);
        }
        Ok(())
    }

    /// How the commands are to be described in a room, if they are; nothing where the room is somebody else's.
    pub(crate) async fn lacks_description(
        &self,
        bot: &str,
        room: &RoomId,
    ) -> Result<Option<UndescribedRow>, StoreError> {
        let reader = match self.0.store.get(&ROOMS, &(bot, room)).await? {
            Some(RoomRow { is_direct: true, inviter, .. }) => inviter,
            Some(_) => match self.0.store.get(&PLACE_OF, &(bot, room)).await? {
                Some(key) => {
                    let place = self.0.store.get(&PLACES, &(bot, &*key)).await?;
                    if !place.is_some_and(|place| is_described(&place.request)) {
                        return Ok(None);
                    }
                    None
                }
                None => return Ok(None),
            },
            None => return Ok(None),
        };
        Ok(Some(UndescribedRow { reader, is_asked: false }))
    }

    /// The same where somebody asks what commands there are.
    pub(crate) async fn asks_for_description(
        &self,
        bot: &str,
        heard: &Heard,
    ) -> Result<Option<UndescribedRow>, StoreError> {
        let row = self.lacks_description(bot, &heard.room).await?;
        let asker = || heard.is_direct.then(|| heard.sender.clone());
        Ok(row.map(|row| UndescribedRow { reader: row.reader.or_else(asker), is_asked: true }))
    }

    /// Puts a room behind those that wait.
    pub(crate) fn describe_later(&self, batch: &mut Batch, bot: &str, room: &RoomId, row: &UndescribedRow) {
        batch.put(&UNDESCRIBED, &(bot, room), row);
        let news = Arc::clone(&self.0.undescribed);
        batch.on_visible(move |_| news.notify_waiters());
    }
}
