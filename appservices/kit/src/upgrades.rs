//! Rooms that were replaced: the bots go along, with what they have for the room.
//!
//! Who may replace a room is settled by its power levels, and the homeserver has judged that; whether a bot follows is
//! settled by who asks, as for an invitation. Letters to the old room go to the new one; what refers to something in the
//! old room has no other place than that.

use ruma::{OwnedRoomId, OwnedUserId, RoomId};
use store::{Batch, StoreError};

use crate::{
    Heard, Kit, What,
    letter::Parcel,
    limits::UPGRADES_FOLLOWED_MAX,
    places::PlaceRow,
    tables::{DIRECT, DirectRow, LANGUAGES, LanguageRow, PLACE_OF, PLACES, ROOMS, RoomRow, SUCCESSORS},
};

/// What changes with a room that was replaced.
pub(crate) struct Moved {
    old: OwnedRoomId,
    new: OwnedRoomId,
    /// How the bot stands in the new room before, where it was asked in already, and after.
    standing: (Option<RoomRow>, RoomRow),
    direct: Option<(OwnedUserId, DirectRow)>,
    place: Option<(String, PlaceRow)>,
    language: Option<LanguageRow>,
}

impl Kit {
    /// What changes by an event, if it says that its room was replaced and the bot is to follow.
    pub(crate) async fn moved_by(
        &self,
        bot: &str,
        heard: &Heard,
        row: &RoomRow,
    ) -> Result<Option<Moved>, StoreError> {
        let What::Upgraded { replacement } = &heard.what else { return Ok(None) };
        if !self.is_welcome(&heard.sender) {
            return Ok(None);
        }
        let store = &self.0.store;
        let old = &heard.room;
        let person = row.inviter.as_ref().unwrap_or(&heard.sender);
        let direct = store.get(&DIRECT, &(bot, &**person)).await?;
        let direct = direct.filter(|direct| direct.room.as_ref() == Some(old));
        let place = match store.get(&PLACE_OF, &(bot, &**old)).await? {
            Some(key) => store.get(&PLACES, &(bot, &*key)).await?.map(|row| (key, row)),
            None => None,
        };
        let known = store.get(&ROOMS, &(bot, &**replacement)).await?;
        let asked = known.clone().unwrap_or(RoomRow {
            is_direct: row.is_direct,
            inviter: Some(heard.sender.clone()),
            ..RoomRow::default()
        });
        let standing = RoomRow { is_direct: row.is_direct || asked.is_direct, ..asked };
        Ok(Some(Moved {
            old: old.clone(),
            new: replacement.clone(),
            standing: (known, standing),
            direct: direct.map(|direct| (person.clone(), direct)),
            place: place.filter(|(_, row)| row.room.as_ref() == Some(old)),
            language: store.get(&LANGUAGES, old.as_str()).await?,
        }))
    }

    pub(crate) fn note_moved(&self, batch: &mut Batch, bot: &str, moved: &Moved) {
        let Moved { old, new, standing, direct, place, language } = moved;
        batch.put(&SUCCESSORS, &(bot, &**old), new);
        let (known, standing) = standing;
        batch.expect_read(&ROOMS, &(bot, &**new), known.as_ref()).put(&ROOMS, &(bot, &**new), standing);
        if let Some((person, row)) = direct {
            let moved = DirectRow { room: Some(new.clone()), ..row.clone() };
            batch.expect_eq(&DIRECT, &(bot, &**person), row).put(&DIRECT, &(bot, &**person), &moved);
        }
        if let Some((key, row)) = place {
            let moved = PlaceRow { room: Some(new.clone()), ..row.clone() };
            batch.expect_eq(&PLACES, &(bot, &**key), row).put(&PLACES, &(bot, &**key), &moved);
            batch.put(&PLACE_OF, &(bot, &**new), key);
        }
        if let Some(language) = language {
            batch.put(&LANGUAGES, new.as_str(), language);
        }
        self.0.outbox.put_parcel(batch, &Parcel::Join { bot: bot.to_owned(), room: new.clone() });
    }

    /// Where letters to a room go: to the room in its place, as far as the bot is in there.
    pub async fn successor(&self, bot: &str, room: &RoomId) -> Result<OwnedRoomId, StoreError> {
        let mut room = room.to_owned();
        for _ in 0..UPGRADES_FOLLOWED_MAX {
            let Some(next) = self.0.store.get(&SUCCESSORS, &(bot, &*room)).await? else { break };
            let standing = self.0.store.get(&ROOMS, &(bot, &*next)).await?;
            if !standing.is_some_and(|standing| standing.is_there()) {
                break;
            }
            room = next;
        }
        Ok(room)
    }
}
