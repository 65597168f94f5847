//! A letter in the store: how far the mailbox was read, which letters counted, and what they answer.

use sha2::{Digest as _, Sha256};
use store::{Batch, Scan};

use super::{
    Mailbox,
    letter::{self, Letter},
    returned::returned,
};
use crate::{
    Address, CalendarError, Change, Refused, What, ics,
    itip::judge,
    limits::{CONFLICTS_MAX, ITEMS_OF_CALENDAR_MAX, MAILS_FORGOTTEN_AT_ONCE, MAILS_REMEMBERED_MAX},
    tables::{MAIL_ORDER, MAIL_PLACE, MAILS, MailPlaceRow},
};

impl Mailbox {
    /// The name of the mailbox in the store: another one begins anew.
    fn key(&self) -> [u8; 32] {
        let settings = &self.0.settings;
        Sha256::digest(format!("{}\n{}\n{}", settings.host, settings.user, settings.folder)).into()
    }

    /// How far it was read.
    pub(super) async fn place(&self) -> Result<Option<MailPlaceRow>, CalendarError> {
        Ok(self.0.calendars.store().get(&MAIL_PLACE, &self.key()).await?)
    }

    /// Takes a letter: what it answers, and that it was read, in one batch. `bytes` is none for one that cannot count.
    pub(super) async fn take(
        &self,
        (uid_validity, uid): (u32, u32),
        bytes: Option<&[u8]>,
    ) -> Result<(), CalendarError> {
        let letter =
            bytes.map_or(Ok(None), |bytes| letter::read(bytes, self.0.settings.vouched_by.as_deref()));
        let letter = letter.unwrap_or_else(|reason| {
            tracing::info!(uid, %reason, "a letter with a calendar does not count");
            None
        });
        let returns = self.0.returns.as_ref();
        let back = returns.and_then(|returns| Some((returns, bytes.and_then(returned)?)));
        for _ in 0..CONFLICTS_MAX {
            let mut batch = self.read_by((uid_validity, uid), letter.as_ref()).await?;
            if let Some((returns, name)) = &back {
                match returns.returned(name, &mut batch).await {
                    Ok(()) => {}
                    Err(Refused::ByRule(reason)) => {
                        tracing::warn!(name, reason, "a letter that came back is left");
                        // What was put in before the refusal is half of something.
                        batch = self.read_by((uid_validity, uid), letter.as_ref()).await?;
                    }
                    Err(Refused::Store(error)) => return Err(error.into()),
                }
            }
            if self.0.calendars.store().try_commit(batch).await?.is_some() {
                metrics::counter!("calendar_letters_total", "kind" => kind_of(letter.as_ref())).increment(1);
                return Ok(());
            }
        }
        Err(CalendarError::Conflict)
    }

    /// A batch by which a letter was read, with what it answers.
    async fn read_by(
        &self,
        (uid_validity, uid): (u32, u32),
        letter: Option<&Letter>,
    ) -> Result<Batch, CalendarError> {
        let mut batch = Batch::new();
        let (key, old) = (self.key(), self.place().await?);
        batch.expect_read(&MAIL_PLACE, &key, old.as_ref());
        batch.put(&MAIL_PLACE, &key, &MailPlaceRow { uid_validity, uid });
        if let Some(letter) = letter {
            self.answer(&mut batch, letter).await?;
        }
        Ok(batch)
    }

    /// Tells of everything that a letter answers, unless it counted before.
    async fn answer(&self, batch: &mut Batch, letter: &Letter) -> Result<(), CalendarError> {
        let store = self.0.calendars.store();
        if store.exists(&MAILS, &letter.id).await? {
            return Ok(());
        }
        let place = batch.position();
        batch.expect_absent(&MAILS, &letter.id).put(&MAILS, &letter.id, &());
        batch.put(&MAIL_ORDER, &place, &letter.id);
        self.forget(batch).await?;
        for text in &letter.calendars {
            self.calendar(batch, text, &letter.from).await?;
        }
        Ok(())
    }

    async fn calendar(&self, batch: &mut Batch, text: &str, from: &Address) -> Result<(), CalendarError> {
        let read = match ics::read(text.as_bytes(), &self.0.calendars.0.parts.zone) {
            Ok(read) => read,
            Err(reason) => {
                tracing::info!(%from, %reason, "a calendar that came by mail cannot be read");
                return Ok(());
            }
        };
        for item in read.items.iter().take(ITEMS_OF_CALENDAR_MAX) {
            let uid = &item.event.uid;
            // What is no meeting of ours is nobody's business here.
            let Some((user, kept)) = self.0.scheduling.organized(uid).await? else { continue };
            let verdict = judge(Some(&kept), read.method, item, std::slice::from_ref(from));
            tracing::debug!(%from, uid, ?verdict, "a meeting was answered by mail");
            let change = Change { user, what: What::Message { verdict, uid: uid.clone() } };
            match self.0.scheduling.changed(&change, batch).await {
                Ok(()) => {}
                Err(Refused::ByRule(reason)) => {
                    tracing::info!(%from, uid, reason, "an answer by mail is refused")
                }
                Err(Refused::Store(error)) => return Err(error.into()),
            }
        }
        Ok(())
    }

    /// The oldest letters are forgotten, some more than come.
    async fn forget(&self, batch: &mut Batch) -> Result<(), CalendarError> {
        let store = self.0.calendars.store();
        let all = store
            .count(&MAIL_ORDER, Scan::all().limit(MAILS_REMEMBERED_MAX + MAILS_FORGOTTEN_AT_ONCE))
            .await?;
        let over = all.saturating_sub(MAILS_REMEMBERED_MAX).min(MAILS_FORGOTTEN_AT_ONCE);
        if over == 0 {
            return Ok(());
        }
        for (place, id) in store.scan(&MAIL_ORDER, Scan::all().limit(over)).await? {
            batch.delete(&MAIL_ORDER, &place);
            batch.delete(&MAILS, &id);
        }
        Ok(())
    }
}

fn kind_of(letter: Option<&Letter>) -> &'static str {
    if letter.is_some() { "calendar" } else { "other" }
}
