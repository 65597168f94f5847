//! Calendars by mail (RFC 6047): a row with the change that they tell of, handed to the mail server afterwards.
//!
//! Who has a mailbox and no account answers by mail, so in these letters the organiser is the mailbox that they come from,
//! under the organiser's name.

use base::Shutdown;
use mail::{CalendarPart, Letter, MailError, Mailer, letters};
use store::{Batch, Scan};

use crate::{
    Address, CalendarError, Calendars, Party,
    ics::{self, Item, Method},
    limits::{PAGE_ROWS_MAX, POST_LOOK_INTERVAL, POST_PAUSE_MS, POST_PAUSE_MS_MAX, POST_TRIES_MAX},
    tables::{POST, PostRow},
};

impl Calendars {
    /// Puts a letter with an event, or with one instance of it, into the batch; it goes out after the commit.
    pub fn post(&self, batch: &mut Batch, method: Method, item: &Item, to: &str) {
        let row = PostRow { to: to.to_owned(), method, item: item.clone(), tries: 0, next_ms: self.now_ms() };
        let place = batch.position();
        batch.put(&POST, &place, &row);
        let inner = std::sync::Arc::clone(&self.0);
        batch.on_visible(move |_| inner.post_waits.notify_one());
    }

    /// Hands letters to the mail server, until the shutdown.
    pub async fn carry_post(self, mailer: Mailer, shutdown: Shutdown) {
        loop {
            if let Err(error) = self.carry_due(&mailer, &shutdown).await {
                tracing::warn!(%error, "invitations cannot be sent now");
            }
            tokio::select! {
                () = shutdown.wait() => return,
                () = self.0.post_waits.notified() => {}
                () = tokio::time::sleep(POST_LOOK_INTERVAL) => {}
            }
        }
    }

    async fn carry_due(&self, mailer: &Mailer, shutdown: &Shutdown) -> Result<(), CalendarError> {
        for (place, row) in self.store().scan(&POST, Scan::all().limit(PAGE_ROWS_MAX)).await? {
            if row.next_ms > self.now_ms() {
                continue;
            }
            if shutdown.is_triggered() {
                return Ok(());
            }
            let after = self.carried(mailer, &row).await;
            let mut batch = Batch::new();
            batch.expect_eq(&POST, &place, &row);
            match after {
                Some(later) => batch.put(&POST, &place, &later),
                None => batch.delete(&POST, &place),
            };
            self.store().try_commit(batch).await?;
        }
        Ok(())
    }

    /// Tries one letter; the row for another try, if there is one.
    async fn carried(&self, mailer: &Mailer, row: &PostRow) -> Option<PostRow> {
        let Some(to) = mail::Address::parse(&row.to) else {
            tracing::warn!(to = row.to, "an invitation cannot be sent: this is no mailbox");
            return None;
        };
        let (letter, part) = written(row, mailer.sender());
        match mailer.send_calendar(&to, &letter, &part).await {
            Ok(()) => None,
            Err(error @ MailError::Down(_)) if row.tries < POST_TRIES_MAX => {
                tracing::info!(to = row.to, %error, tries = row.tries, "an invitation waits for the mail server");
                let pause_ms = (POST_PAUSE_MS << row.tries.min(16)).min(POST_PAUSE_MS_MAX);
                let (tries, next_ms) = (row.tries + 1, self.now_ms() + pause_ms);
                Some(PostRow { tries, next_ms, ..row.clone() })
            }
            Err(error) => {
                tracing::warn!(to = row.to, %error, "an invitation was not sent");
                None
            }
        }
    }
}

/// The letter and the calendar with it.
pub(crate) fn written(row: &PostRow, sender: &str) -> (Letter, CalendarPart) {
    let mut item: Item = row.item.clone();
    let event = &mut item.event;
    let name = event.organizer.as_ref().map(|organizer| organizer.name.clone()).unwrap_or_default();
    event.organizer = Some(Party { address: Address::email(sender), name });
    let when = format!(
        "{} – {} ({})",
        event.start.strftime("%Y-%m-%d %H:%M"),
        event.end.strftime("%Y-%m-%d %H:%M"),
        event.zone.as_str()
    );
    let link = event.conference.as_ref().map(|conference| conference.url.as_str());
    let place = [event.location.as_deref(), link].into_iter().flatten().collect::<Vec<_>>().join(" · ");
    let news = match row.method {
        Method::Request | Method::Add => letters::MeetingNews::Invitation,
        Method::Cancel => letters::MeetingNews::Cancelled,
        Method::Reply | Method::Counter => letters::MeetingNews::Answer,
        Method::DeclineCounter => letters::MeetingNews::ProposalDeclined,
        Method::Publish | Method::Refresh => letters::MeetingNews::Information,
    };
    let letter = letters::meeting(news, &event.title, &when, &place);
    let part = CalendarPart { method: row.method.as_str(), text: ics::write_item(Some(row.method), &item) };
    (letter, part)
}
