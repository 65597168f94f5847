//! The queue of letters: each is handed to the mail server once it is due, and tried again with growing pauses. One whose
//! address is refused for good comes back to the case.

use async_trait::async_trait;
use base::Shutdown;
use kit::BotError;
use mail::{Address, Letter, MailError, Mailer};
use serde::{Deserialize, Serialize};
use store::{Batch, Scan, StoreError};

use super::link::MailLink;
use crate::{
    OfficeError,
    instance::Instead,
    limits::{
        MAIL_CONFLICTS_MAX, MAIL_LETTERS_AT_ONCE, MAIL_LINK_MS, MAIL_LOOK_INTERVAL, MAIL_PAUSE_MS,
        MAIL_PAUSE_MS_MAX, MAIL_TRIES_MAX,
    },
    tables::{MAIL_DUE, MAIL_LINK, MAIL_NEWEST},
    wire::Approvals,
};

/// A letter that is not sent. What it says is written when it goes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct MailRow {
    /// How often it was tried.
    pub tries: u32,
    /// What is new about a task that a letter was about before.
    pub news: Option<String>,
}

/// The way to mailboxes.
#[async_trait]
pub trait Post: Send + Sync {
    /// Hands a letter over, under a name by which it is known again should it come back.
    ///
    /// # Errors
    /// As for [`Mailer::send_named`].
    async fn send(&self, name: &str, to: &Address, letter: &Letter) -> Result<(), MailError>;
}

#[async_trait]
impl Post for Mailer {
    async fn send(&self, name: &str, to: &Address, letter: &Letter) -> Result<(), MailError> {
        self.send_named(name, to, letter).await
    }
}

/// What comes of a letter.
enum Outcome {
    /// It is sent, or not needed any more.
    Over,
    /// The mail server has no time now.
    Later,
    /// There is no such mailbox.
    Refused,
}

impl Approvals {
    /// Hands letters to the mail server, until the shutdown.
    pub async fn carry_post(self, post: impl Post, shutdown: Shutdown) {
        loop {
            if let Err(error) = self.carry_due(&post, &shutdown).await {
                tracing::warn!(%error, "letters about approvals cannot be sent now");
            }
            tokio::select! {
                () = shutdown.wait() => return,
                () = self.post_waits().notified() => {}
                () = tokio::time::sleep(MAIL_LOOK_INTERVAL) => {}
            }
        }
    }

    /// Tries each letter that is due, once.
    pub(crate) async fn carry_due(&self, post: &dyn Post, shutdown: &Shutdown) -> Result<(), OfficeError> {
        let scan = Scan::all().limit(MAIL_LETTERS_AT_ONCE);
        for (key, row) in self.kit().store().scan(&MAIL_DUE, scan).await? {
            if key.0 > self.now_ms() || shutdown.is_triggered() {
                break;
            }
            let outcome = match Box::pin(self.carried(post, &key.1, &row)).await {
                Ok(outcome) => outcome,
                Err(error) => {
                    tracing::warn!(letter = key.1, %error, "a letter about an approval cannot be written");
                    Outcome::Later
                }
            };
            let id = key.1.clone();
            // One that stays where it is does not hold up those behind it.
            if let Err(error) = Box::pin(self.settle_letter(key, row, outcome)).await {
                tracing::warn!(letter = id, %error, "a letter about an approval cannot be settled");
            }
        }
        Ok(())
    }

    /// Tries one letter.
    async fn carried(&self, post: &dyn Post, id: &str, row: &MailRow) -> Result<Outcome, OfficeError> {
        let Some(old) = self.kit().store().get(&MAIL_LINK, id).await? else { return Ok(Outcome::Over) };
        let chart = self.house().await?.chart();
        let Some(person) = chart.active(&old.person) else { return Ok(Outcome::Over) };
        let Some(to) = Address::parse(&person.email) else { return Ok(Outcome::Refused) };
        // The links are good from now on, and for the address that the staff list has now.
        let until_ms = self.now_ms().saturating_add(MAIL_LINK_MS);
        let link = MailLink { address: to.as_str().to_owned(), until_ms, ..old.clone() };
        let Some(letter) = self.written(id, &link, person, row.news.as_deref()).await? else {
            return Ok(Outcome::Over);
        };
        let mut batch = Batch::new();
        batch.expect_eq(&MAIL_LINK, id, &old).put(&MAIL_LINK, id, &link);
        self.kit().store().commit(batch).await?;
        match post.send(id, &to, &letter).await {
            Ok(()) => Ok(Outcome::Over),
            Err(error) if error.is_temporary() => {
                tracing::info!(case = link.case, %error, tries = row.tries, "a letter waits for the mail server");
                Ok(Outcome::Later)
            }
            Err(error) => {
                tracing::warn!(case = link.case, person = %link.person, %error, "a letter is refused");
                Ok(Outcome::Refused)
            }
        }
    }

    /// Takes a letter out of the queue, or puts it where it is tried again; what came back the case hears of.
    async fn settle_letter(
        &self,
        key: (u64, String),
        row: MailRow,
        outcome: Outcome,
    ) -> Result<(), OfficeError> {
        for _ in 0..MAIL_CONFLICTS_MAX {
            let mut batch = Batch::new();
            batch.expect_eq(&MAIL_DUE, &key, &row).delete(&MAIL_DUE, &key);
            match outcome {
                Outcome::Over => {}
                Outcome::Later if row.tries < MAIL_TRIES_MAX => self.put_later(&mut batch, &key.1, &row),
                Outcome::Later | Outcome::Refused => {
                    if let Err(error) = self.given_up(&mut batch, &key.1).await {
                        batch = self.left_alone(&key, &row, error.into());
                    }
                }
            }
            match self.kit().store().commit(batch).await {
                // The case was changed in between, or the row is somebody else's already: it is looked at anew.
                Err(StoreError::Conflict) => {}
                Ok(_) => return Ok(()),
                Err(error) => return Err(error.into()),
            }
        }
        Ok(())
    }

    /// The mail server refuses a letter for good, or was away for too long. Nothing comes of it where the newest one went: that comes
    /// back by itself should it be lost. One that waits as this one did says nothing, or reminders would put it off for ever.
    async fn given_up(&self, batch: &mut Batch, id: &str) -> Result<(), OfficeError> {
        let Some(link) = self.kit().store().get(&MAIL_LINK, id).await? else { return Ok(()) };
        let key = (link.case.clone(), link.task.clone(), link.person.0.clone());
        let newest = self.kit().store().get(&MAIL_NEWEST, &key).await?;
        if let Some(newest) = newest.filter(|newest| newest != id)
            && !self.is_queued(&newest).await?
        {
            batch.expect_eq(&MAIL_NEWEST, &key, &newest);
            return Ok(());
        }
        self.no_letter_reaches(batch, &link).await
    }

    /// Whether a letter is not settled.
    async fn is_queued(&self, id: &str) -> Result<bool, StoreError> {
        let mut scan = Scan::all();
        loop {
            let page = self.kit().store().scan_keys(&MAIL_DUE, scan).await?;
            if page.iter().any(|(_, waiting)| waiting == id) {
                return Ok(true);
            }
            let Some(last) = page.last() else { return Ok(false) };
            scan = Scan::all().after(last);
        }
    }

    /// What becomes of a letter whose case cannot hear of it, in a batch of its own: a case is written whole or not at all.
    fn left_alone(&self, key: &(u64, String), row: &MailRow, error: BotError) -> Batch {
        let mut batch = Batch::new();
        batch.expect_eq(&MAIL_DUE, key, row).delete(&MAIL_DUE, key);
        match error {
            BotError::Store(_) | BotError::Later(_) => {
                tracing::warn!(letter = key.1, %error, "a case cannot hear now that a letter is lost");
                self.put_later(&mut batch, &key.1, row);
            }
            BotError::Broken(reason) => {
                tracing::error!(letter = key.1, reason, "a case cannot hear that a letter is lost");
            }
        }
        batch
    }

    /// Has a letter tried again, after a pause that grows with each try.
    fn put_later(&self, batch: &mut Batch, id: &str, row: &MailRow) {
        let pause_ms = (MAIL_PAUSE_MS << row.tries.min(16)).min(MAIL_PAUSE_MS_MAX);
        let later = (self.now_ms().saturating_add(pause_ms), id.to_owned());
        batch.put(&MAIL_DUE, &later, &MailRow { tries: row.tries.saturating_add(1), ..row.clone() });
    }

    /// A letter came back, as its name says: nobody hears of the task by it. Nothing comes of it where a newer one is under way. Of
    /// letters that are none of this bot's nothing is said.
    ///
    /// # Errors
    /// [`OfficeError`]: nothing of `batch` is to be committed then.
    pub async fn letter_is_lost(&self, batch: &mut Batch, id: &str) -> Result<(), OfficeError> {
        let Some(link) = self.kit().store().get(&MAIL_LINK, id).await? else { return Ok(()) };
        let key = (link.case.clone(), link.task.clone(), link.person.0.clone());
        let newest = self.kit().store().get(&MAIL_NEWEST, &key).await?;
        let Some(newest) = newest.filter(|newest| newest == id) else { return Ok(()) };
        batch.expect_eq(&MAIL_NEWEST, &key, &newest);
        self.no_letter_reaches(batch, &link).await
    }

    /// Nobody hears of a task by this letter: it matters where its reader has no chat by now. Where the staff list has another
    /// address by now, that gets the next one.
    async fn no_letter_reaches(&self, batch: &mut Batch, link: &MailLink) -> Result<(), OfficeError> {
        let chart = self.house().await?.chart();
        let Some(person) = chart.active(&link.person) else { return Ok(()) };
        if self.has_chat(person).await? {
            return Ok(());
        }
        let address = Address::parse(&person.email);
        if address.is_some_and(|address| address.as_str() != link.address) {
            self.put_letter(batch, &link.case, &link.task, person, None);
            return Ok(());
        }
        self.reach_instead(batch, &link.case, &link.task, person, Instead::Nothing).await
    }

    pub(super) fn now_ms(&self) -> u64 {
        self.kit().clock().now_ms()
    }
}
