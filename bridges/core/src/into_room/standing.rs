//! How a conversation stands: what it is for, how it looks, and whether our app is in it.

use bridge_api::RichText;

use super::Bringing;
use crate::{
    error::Stuck,
    limits::DESCRIPTION_CHARACTERS_MAX,
    tables::{LINES, PortalRow},
};

impl Bringing<'_> {
    /// Other words say what it is for, or it has another picture. The room that was made for it shows both.
    pub(super) async fn described(
        &mut self,
        words: Option<&str>,
        has_other_picture: bool,
    ) -> Result<(), Stuck> {
        let bridges = self.bridges;
        if let Some(words) = words {
            let words = RichText::plain(words).tamed().to_plain();
            let words: String = words.chars().take(DESCRIPTION_CHARACTERS_MAX).collect();
            match words.trim() {
                "" => self.notice("bridge.told.undescribed", &[]),
                words => self.notice("bridge.told.described", &[("words", words)]),
            }
            bridges.describe_room(&mut self.batch, self.lane, &self.room, words.trim()).await?;
        }
        if has_other_picture {
            Box::pin(bridges.dress_room_again(self.lane, &self.room)).await?;
        }
        Ok(())
    }

    /// Our app came in.
    pub(super) async fn let_in(&mut self) -> Result<(), Stuck> {
        self.notice("bridge.told.added", &[]);
        self.note_standing(None).await
    }

    /// Our app was removed. The binding stays: whoever brings it back has everything as it was.
    pub(super) async fn put_out(&mut self) -> Result<(), Stuck> {
        self.notice("bridge.told.removed", &[]);
        self.note_standing(Some(self.row.arrival.at_ms)).await
    }

    /// Somebody is heard there, so our app is in there, whether or not an event told that it came back. What was said before it was
    /// removed may come late, and says nothing of that.
    pub(super) async fn hears_again(&mut self) -> Result<(), Stuck> {
        let removed_ms = self.bridges.portals().get(self.lane).and_then(|row| row.removed_ms);
        match removed_ms {
            Some(removed_ms) if self.row.arrival.at_ms > removed_ms => self.note_standing(None).await,
            Some(_) | None => Ok(()),
        }
    }

    /// Notes whether our app is in there, and says so in the state of the room.
    async fn note_standing(&mut self, removed_ms: Option<u64>) -> Result<(), Stuck> {
        let (bridges, lane) = (self.bridges, self.lane);
        let known =
            bridges.portals().get(lane).filter(|row| row.removed_ms.is_some() != removed_ms.is_some());
        let Some(row) = known else { return Ok(()) };
        let row = PortalRow { removed_ms, ..row };
        bridges.portals().put(&mut self.batch, lane, row.clone())?;
        let Some(seat) = bridges.seat(lane.0) else { return Ok(()) };
        let line = bridges.0.store.get(&LINES, lane.0.key()).await?.unwrap_or_default();
        let mut bound = bridges.bound_in(lane.0, &self.room);
        for (_, standing) in bound.iter_mut().filter(|(other, _)| other == lane) {
            *standing = row.clone();
        }
        bridges.state_with(&mut self.batch, seat, &line, (&self.room, bound));
        Ok(())
    }
}
