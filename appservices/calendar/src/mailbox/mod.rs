//! Answers by mail (RFC 6047): the mailbox that invitations come from is read over IMAP, and whoever schedules is told what its
//! letters answer.
//!
//! The mailbox is opened for reading alone: nothing in it changes, and people may read it too. How far it was read is a row in the
//! batch that tells of a letter, and so is the letter's own id, so a letter counts once, whenever the process is killed and
//! whatever the mail server sends again. Letters are strangers' words: each is bounded before it is fetched and parsed inside a
//! fence, and what in it is no answer to a meeting of ours is left out.

mod letter;
mod returned;
mod session;
mod taken;

use std::{fmt, sync::Arc};

use base::Shutdown;
use mail::MailSecurity;
use tokio::time::Instant;

#[cfg(test)]
pub(crate) use self::letter::{Letter, read};
pub use self::returned::Returns;
use self::session::Session;
use crate::{
    CalendarError, Calendars, Scheduling,
    limits::{MAILBOX_PAUSE, MAILBOX_PAUSE_MAX, MAILBOX_STEADY, MAILS_AT_FIRST_MAX},
};

/// What the operator says about the mailbox.
#[derive(Clone)]
pub struct MailboxSettings {
    /// The IMAP server.
    pub host: String,
    /// Its port.
    pub port: u16,
    /// How the connection is protected.
    pub security: MailSecurity,
    /// User name.
    pub user: String,
    /// Password.
    pub password: String,
    /// The folder that is read.
    pub folder: String,
    /// The name by which the mail server says in `Authentication-Results` (RFC 8601) what it found out about a sender. With it,
    /// letters count alone whose sender's domain vouches for them (`dmarc=pass`).
    pub vouched_by: Option<String>,
}

impl fmt::Debug for MailboxSettings {
    /// Without the password.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MailboxSettings")
            .field("host", &self.host)
            .field("port", &self.port)
            .field("security", &self.security)
            .field("user", &self.user)
            .field("folder", &self.folder)
            .finish_non_exhaustive()
    }
}

/// Reads the mailbox. Cloning it is one reference count.
#[derive(Clone)]
pub struct Mailbox(Arc<Inner>);

struct Inner {
    calendars: Calendars,
    scheduling: Arc<dyn Scheduling>,
    settings: MailboxSettings,
    returns: Option<Arc<dyn Returns>>,
}

impl Mailbox {
    /// Puts the parts together; nothing is connected yet.
    #[must_use]
    pub fn new(calendars: Calendars, scheduling: Arc<dyn Scheduling>, settings: MailboxSettings) -> Self {
        Self(Arc::new(Inner { calendars, scheduling, settings, returns: None }))
    }

    /// The same, which tells of letters that came back, too.
    #[must_use]
    pub fn telling(self, returns: Arc<dyn Returns>) -> Self {
        let Inner { calendars, scheduling, settings, .. } = &*self.0;
        let (calendars, scheduling) = (calendars.clone(), Arc::clone(scheduling));
        Self(Arc::new(Inner { calendars, scheduling, settings: settings.clone(), returns: Some(returns) }))
    }

    /// Reads letters as they come, until the shutdown. A connection that ends is made again, with growing pauses.
    pub async fn read(self, shutdown: Shutdown) {
        let mut pause = MAILBOX_PAUSE;
        loop {
            let began = Instant::now();
            // Apart: the library gives up on some answers of a broken server, and that is to end one connection.
            let sitting = tokio::spawn(self.clone().sit(shutdown.clone()));
            let reason = match sitting.await {
                Ok(Ok(())) => return,
                Ok(Err(error)) => error.to_string(),
                Err(error) => error.to_string(),
            };
            if began.elapsed() >= MAILBOX_STEADY {
                pause = MAILBOX_PAUSE;
            }
            metrics::counter!("calendar_mailbox_failures_total").increment(1);
            tracing::warn!(
                reason,
                pause_ms = pause.as_millis(),
                "the mailbox of invitations cannot be read now"
            );
            tokio::select! {
                () = shutdown.wait() => return,
                () = tokio::time::sleep(pause) => {}
            }
            pause = (pause * 2).min(MAILBOX_PAUSE_MAX);
        }
    }

    /// One connection: what is new, and then whatever comes.
    async fn sit(self, shutdown: Shutdown) -> Result<(), CalendarError> {
        let mut session = tokio::select! {
            () = shutdown.wait() => return Ok(()),
            session = Session::open(&self.0.settings) => session?,
        };
        tracing::info!(
            host = self.0.settings.host,
            folder = self.0.settings.folder,
            "the mailbox of invitations is open"
        );
        loop {
            tokio::select! {
                () = shutdown.wait() => return Ok(()),
                taken = self.take_new(&mut session) => taken?,
            }
            session = tokio::select! {
                () = shutdown.wait() => return Ok(()),
                session = session.until_news() => session?,
            };
        }
    }

    /// Takes every letter that was not taken yet, oldest first. A mailbox that is read for the first time is begun near its end.
    async fn take_new(&self, session: &mut Session) -> Result<(), CalendarError> {
        let known = self.place().await?.filter(|place| place.uid_validity == session.uid_validity());
        let last = known.map_or(0, |place| place.uid);
        let mut uids = session.uids_after(last).await?;
        if known.is_none() {
            uids = uids.split_off(uids.len().saturating_sub(MAILS_AT_FIRST_MAX));
        }
        for uid in uids {
            let bytes = session.letter(uid).await?;
            self.take((session.uid_validity(), uid), bytes.as_deref()).await?;
        }
        Ok(())
    }
}
