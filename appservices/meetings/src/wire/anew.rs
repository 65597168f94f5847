//! A room that was replaced: the cards of its meetings are shown where people are now.

use kit::{Heard, Letter, To};
use ruma::OwnedRoomId;
use store::Batch;

use super::{KIND, LOCALPART, Meetings, deliver::data};
use crate::{
    MeetingsError,
    card::{Card, body, offers},
    meeting::state,
};

impl Meetings {
    /// The card for everybody, of each meeting that is ahead, and in a direct chat the cards of whose chat it is. What a card is
    /// called stays: a new version of a letter becomes a message of its own where its room was replaced.
    pub(super) async fn show_anew(
        &self,
        heard: &Heard,
        replacement: &OwnedRoomId,
        batch: &mut Batch,
    ) -> Result<(), MeetingsError> {
        let cases = self.cases().await?;
        let ids = match heard.is_direct {
            true => cases.listed(KIND, "own", heard.sender.as_str()).await?,
            false => cases.listed(KIND, "room", heard.room.as_str()).await?,
        };
        for id in ids {
            let Some(case) = self.case(&id).await? else { continue };
            if !matches!(case.state.as_str(), state::FINDING | state::SCHEDULED | state::LIVE) {
                continue;
            }
            let shown = match heard.is_direct {
                true => self.card_of(&case, &heard.sender),
                false => {
                    let own = case.data.own_room().and_then(|own| own.id.as_ref());
                    let wanted = if own == Some(&heard.room) { Card::Room } else { Card::Home };
                    self.cards_here(&case).into_iter().find(|card| *card == wanted)
                }
            };
            let Some(card) = shown else { continue };
            let scene = self.scene_of(&case, heard.received_ms).await?;
            let reader = self.reader_of(&card, &case).await?;
            let text = body(&case, &scene.world(), self.pen(&reader));
            let (key, to) = (card.key(&case.id), To::Room(replacement.clone()));
            let again = format!("me/moved/{}/{key}", heard.event_id);
            let letter = Letter::message(again, LOCALPART, to, data(&text, None, &case));
            self.kit().outbox().put_anew(batch, letter, &key, offers(&card, &case));
        }
        Ok(())
    }
}
