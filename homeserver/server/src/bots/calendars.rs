//! The calendars of people: kept in the bots' store, used by the meetings bot, open to calendar programs.

use std::sync::Arc;

use approvals::Approvals;
use async_trait::async_trait;
use axum::Router;
use base::{Rng, Shutdown};
use calendar::{
    Calendars, CalendarsParts, Doors, Mailbox, Refused, Returns,
    ics::{Item, Method},
};
use config::Config;
use kit::{BotError, Kit};
use mail::Mailer;
use meetings::{Homeserver, Meetings, Post};
use outbound::Outbound;
use store::{Batch, StoreError};
use tokio::task::JoinHandle;

use crate::{StartError, settings};

/// Opens the calendars of this server's people.
pub(super) fn open(config: &Config, kit: &Kit) -> Result<Calendars, StartError> {
    Ok(Calendars::new(CalendarsParts {
        store: kit.store().clone(),
        clock: kit.clock().clone(),
        rng: kit.rng().clone(),
        server_name: kit.server_name().to_owned(),
        home: Some(Arc::new(Homeserver::new(kit.clone()))),
        // Addresses that people name are asked as previews are: nothing inside is reached.
        outbound: Outbound::new(settings::outbound(config)?)?,
        zone: super::meet::zone(config)?,
        allows_plain_sources: false,
    }))
}

/// The way to mailboxes, where there is a mail server.
pub(super) fn mailer(config: &Config, rng: Rng) -> Result<Option<Mailer>, StartError> {
    let mailer = settings::mail(config).map(|mail| Mailer::new(mail, rng)).transpose();
    mailer.map_err(|error| StartError::Setting { key: "mail", reason: error.to_string() })
}

/// What calendar programs speak to.
pub(super) fn doors(calendars: &Calendars, meetings: &Meetings) -> Router {
    Doors::new(calendars.clone(), Arc::new(meetings.clone())).router()
}

/// Where answers to invitations are read, and what came back of our letters, if anywhere.
pub(super) fn mailbox(
    config: &Config,
    calendars: &Calendars,
    meetings: &Meetings,
    approvals: &Approvals,
) -> Option<Mailbox> {
    let settings = settings::mailbox(config)?;
    let mailbox = Mailbox::new(calendars.clone(), Arc::new(meetings.clone()), settings);
    Some(mailbox.telling(Arc::new(Returned(approvals.clone()))))
}

/// Tells approvals of their letters that came back.
struct Returned(Approvals);

#[async_trait]
impl Returns for Returned {
    async fn returned(&self, name: &str, batch: &mut Batch) -> Result<(), Refused> {
        self.0.letter_is_lost(batch, name).await.map_err(|error| refused(error.into()))
    }
}

/// What becomes of the fact that a letter came back: what may pass has it read again with the next connection.
fn refused(error: BotError) -> Refused {
    match error {
        // Rows that cannot be read now cannot be read later, and would hold up what came behind.
        BotError::Store(error @ (StoreError::Corrupt { .. } | StoreError::TooLarge { .. })) => {
            Refused::ByRule(error.to_string())
        }
        BotError::Store(error) => Refused::Store(error),
        BotError::Later(_) => Refused::Store(StoreError::Busy),
        BotError::Broken(reason) => Refused::ByRule(reason),
    }
}

/// What goes on beside the bots: feeds are fetched, people told of calendars that they named, invitations handed to the mail server, answers read.
pub(super) fn work(
    calendars: &Calendars,
    meetings: Meetings,
    mailer: Option<Mailer>,
    mailbox: Option<Mailbox>,
    shutdown: &Shutdown,
) -> Vec<JoinHandle<()>> {
    let fetching = calendars.clone().fetch_feeds(Arc::new(meetings), shutdown.clone());
    let mut tasks = vec![tokio::spawn(fetching)];
    if let Some(mailer) = mailer {
        tasks.push(tokio::spawn(calendars.clone().carry_post(mailer, shutdown.clone())));
    }
    tasks.extend(mailbox.map(|mailbox| tokio::spawn(mailbox.read(shutdown.clone()))));
    tasks
}

/// Carries invitations of the meetings bot to mailboxes.
pub(super) struct Postman(pub Calendars);

#[async_trait]
impl Post for Postman {
    async fn post(&self, batch: &mut Batch, method: Method, item: &Item, to: &str) -> Result<(), BotError> {
        self.0.post(batch, method, item, to);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use approvals::OfficeError;
    use cases::CasesError;

    use super::*;

    #[test]
    fn a_letter_that_came_back_is_read_again_where_the_store_is_busy_wherever_that_was_met() {
        let busy = || StoreError::Busy;
        for error in [
            OfficeError::Store(busy()),
            OfficeError::Cases(CasesError::Store(busy())),
            OfficeError::People(people::PeopleError::Store(busy())),
            OfficeError::Workdays(workdays::WorkdaysError::Store(busy())),
            OfficeError::Later("the homeserver is away".to_owned()),
        ] {
            assert!(matches!(refused(error.into()), Refused::Store(StoreError::Busy)));
        }
        let full = OfficeError::Cases(CasesError::Full("the case is too large"));
        assert!(matches!(refused(full.into()), Refused::ByRule(_)), "and given up where it never works");
    }
}
