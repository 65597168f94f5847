//! How a conversation stands: what it is for, how it looks, and whether our app is in it.

use bridge_api::RichText;

use super::Bringing;
use crate::{error::Stuck, limits::DESCRIPTION_CHARACTERS_MAX, tables::PortalRow};

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
        let Some((row, at_ms)) = self.standing_before() else { return Ok(()) };
        self.notice("bridge.told.added", &[]);
        self.stands(PortalRow { removed_ms: None, let_in_ms: Some(at_ms), ..row }).await
    }

    /// Our app was removed. The binding stays: whoever brings it back has everything as it was.
    pub(super) async fn put_out(&mut self) -> Result<(), Stuck> {
        let Some((row, at_ms)) = self.standing_before() else { return Ok(()) };
        self.notice("bridge.told.removed", &[]);
        self.stands(PortalRow { removed_ms: Some(at_ms), ..row }).await
    }

    /// How the conversation stood when our app came or went, and when that was. Nothing where more is known of a later time: news may
    /// come late, and says nothing then.
    fn standing_before(&self) -> Option<(PortalRow, u64)> {
        let at_ms = self.at_ms();
        let row = self.bridges.portals().get(self.lane)?;
        let known_ms = row.removed_ms.max(row.let_in_ms);
        known_ms.is_none_or(|known_ms| known_ms <= at_ms).then_some((row, at_ms))
    }

    /// Somebody is heard there, so our app is in there, whether or not an event told that it came back. What was said before it was
    /// removed may come late, and says nothing of that.
    pub(super) async fn hears_again(&mut self) -> Result<(), Stuck> {
        let at_ms = self.at_ms();
        match self.bridges.portals().get(self.lane) {
            Some(row) if row.removed_ms.is_some_and(|removed_ms| at_ms > removed_ms) => {
                self.stands(PortalRow { removed_ms: None, let_in_ms: Some(at_ms), ..row }).await
            }
            Some(_) | None => Ok(()),
        }
    }

    fn at_ms(&self) -> u64 {
        self.bridges.happened_ms(&self.row.arrival)
    }

    async fn stands(&mut self, row: PortalRow) -> Result<(), Stuck> {
        let bridges = self.bridges;
        Ok(bridges.note_standing(&mut self.batch, self.lane, &self.room, row).await?)
    }
}
