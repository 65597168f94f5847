//! What letters say, what messages say of them, and for how long anybody knows.

use bridge_api::{Block, Content, Inline, RichText};
use ruma::{EventId, RoomId, UserId};
use store::{Batch, Scan, StoreError};

use super::{KeyMessage, MailWords, NO_LETTER};
use crate::{
    Bridges,
    bridges::Seat,
    error::Stuck,
    limits::{DAY_MS, FORGOTTEN_PER_BATCH, MAIL_CHARACTERS_MAX, MAIL_KEPT_MS, MAIL_PEOPLE_MAX},
    names::tamed,
    people_tables::{MAILED, MAILED_COUNT, MAILED_ORDER},
    telling::language_of,
};

impl Bridges {
    pub(super) async fn letter(
        &self,
        seat: &Seat,
        room: &RoomId,
        message: &KeyMessage,
        account: &UserId,
    ) -> Result<MailWords, Stuck> {
        let bot = self.bot_intent()?;
        let lang = self.0.kit.language(None, Some(account)).await?;
        let named = bot.state(room, "m.room.name", "").await?;
        let named = named.and_then(|state| Some(tamed(state["name"].as_str()?))).unwrap_or_default();
        let member = bot.state(room, "m.room.member", message.sender.as_str()).await?;
        let who = member.and_then(|member| Some(tamed(member["displayname"].as_str()?)));
        let who = who.filter(|who| !who.is_empty()).unwrap_or_else(|| message.sender.to_string());
        let platform = seat.network.name().of(language_of(lang));
        let body: String = message.body.chars().take(MAIL_CHARACTERS_MAX).collect();
        let room = if named.is_empty() { room.to_string() } else { named };
        let values =
            [("who", who.as_str()), ("room", room.as_str()), ("platform", platform), ("text", body.as_str())];
        let say = |key: &str| self.0.kit.texts().fill(lang, key, &values);
        Ok(MailWords { subject: say("bridge.mail.subject"), text: say("bridge.mail.text") })
    }

    /// A message that went by e-mail says so where it comes late.
    pub(crate) async fn marked_as_mailed(&self, event: &EventId, content: Content) -> Result<Content, Stuck> {
        let letters = self.0.store.scan(&MAILED, Scan::prefix(event).limit(MAIL_PEOPLE_MAX)).await?;
        let is_mailed = letters.iter().any(|(_, at_ms)| *at_ms != NO_LETTER);
        Ok(match content {
            Content::Text(text) if is_mailed => {
                let word = self.0.kit.texts().fill(self.lang(), "bridge.mail.mark", &[]);
                let mut blocks = vec![Block::Paragraph(vec![Inline::text(word)])];
                blocks.extend(text.blocks);
                Content::Text(RichText { blocks })
            }
            other => other,
        })
    }

    pub(super) async fn forget_letters(&self) -> Result<(), StoreError> {
        let first_kept = self.0.clock.now_ms().saturating_sub(MAIL_KEPT_MS);
        let mut batch = Batch::new();
        for (at_ms, event, account) in
            self.0.store.scan_keys(&MAILED_ORDER, Scan::all().limit(FORGOTTEN_PER_BATCH)).await?
        {
            if at_ms < first_kept {
                batch
                    .delete(&MAILED_ORDER, &(at_ms, &*event, &*account))
                    .delete(&MAILED, &(&*event, &*account));
            }
        }
        for (day, account) in
            self.0.store.scan_keys(&MAILED_COUNT, Scan::all().limit(FORGOTTEN_PER_BATCH)).await?
        {
            if day < first_kept / DAY_MS {
                batch.delete(&MAILED_COUNT, &(day, &*account));
            }
        }
        if !batch.is_empty() {
            self.0.store.commit(batch).await?;
        }
        Ok(())
    }
}
