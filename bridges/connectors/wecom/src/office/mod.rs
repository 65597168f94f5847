//! The company's office: meetings and due dates of our bots as schedules of a calendar that the app makes, answers to them, and the
//! platform's own approvals, which are shown here and decided there.
//!
//! The platform knows no key of ours, tells what happens at most once or not at all, and lets nobody decide for another. So what we
//! put there is looked for before it is put a second time (`schedules.rs`), and what it tells of is read from it, both when it
//! tells and once in a while by itself (`watch.rs`).

mod answers;
mod approvals;
mod controls;
mod foreign;
mod repeats;
mod rows;
mod rule;
mod schedules;
mod series;
mod sheet;
#[cfg(test)]
mod tests;
mod watch;

use std::{collections::BTreeSet, sync::Arc};

use async_trait::async_trait;
use bridge_api::{
    Approval, Approvals, Arrival, Busy, Calendars, CallError, Clock, EntryOnPlatform, Failure, Happened,
    Meaning, Meeting, PersonId, Refusal, Shelf, Todo, TodoState, Todos,
};
use tokio::{sync::Mutex, time::timeout};

pub use self::approvals::NOT_GRANTED;
use self::{
    rows::{Rows, mark_of, mark_of_instance},
    sheet::Sheet,
};
use crate::{client::Client, ids, limits::LOOKED_UP_WITHIN, people::People, received::OfficeEvent};

/// The office of one company.
pub struct Office {
    client: Arc<Client>,
    people: Arc<People>,
    rows: Rows,
    shelf: Arc<dyn Shelf>,
    clock: Clock,
    /// Schedules are put one after the other, or two would be made of one.
    putting: Mutex<()>,
}

impl Office {
    /// The office of one company, whose rows lie on `shelf`.
    pub fn new(client: Arc<Client>, people: Arc<People>, shelf: Arc<dyn Shelf>, clock: Clock) -> Self {
        let settings = client.settings();
        let agent = settings.app.as_ref().map_or(0, |app| app.agent_id);
        let rows = Rows::new(Arc::clone(&shelf), &settings.corp_id, agent);
        Self { client, people, rows, shelf, clock, putting: Mutex::new(()) }
    }

    /// What an event of the platform comes to, read from the platform; `proof` is the hash of what it vouched for.
    ///
    /// # Errors
    /// When it cannot be read in time; the platform brings the event again.
    pub async fn heard(&self, event: OfficeEvent, at_ms: u64, proof: &str) -> Result<Vec<Arrival>, Failure> {
        let heard = async {
            match event {
                OfficeEvent::Answered { schedule } => self.answered(&schedule, at_ms, proof).await,
                OfficeEvent::CalendarGone { calendar } => self.calendar_gone(&calendar).await,
                OfficeEvent::Approval { number } => {
                    Ok(unless_refused(self.approval(&number).await)?.flatten().into_iter().collect())
                }
            }
        };
        let heard = timeout(LOOKED_UP_WITHIN, heard).await;
        heard.map_err(|_| Failure::later("the platform did not say in time what changed"))?
    }

    /// Notes that these arrivals are durable, so that they do not come again.
    pub async fn taken(&self, arrivals: &[Arrival]) {
        for arrival in arrivals {
            let Happened::Acted(acted) = &arrival.what else { continue };
            let answer = [(acted.by.clone(), Some(acted.action))];
            if let Err(error) =
                self.rows.note_answers(&mark_of_instance(&acted.key, acted.instance_ms), answer).await
            {
                // Their keys are the same then, so nobody hears of it twice.
                tracing::warn!(%error, "it is not written down that an answer was told");
            }
        }
    }

    async fn calendar_gone(&self, calendar: &str) -> Result<Vec<Arrival>, Failure> {
        if self.rows.calendar().await?.as_deref() == Some(calendar) {
            tracing::warn!(
                "somebody deleted the calendar of our meetings; another one is made with the next of them"
            );
            self.rows.note_calendar(None).await?;
        }
        Ok(Vec::new())
    }

    /// Who is named, as the platform calls them. Whoever it cannot address is left out.
    async fn named(
        &self,
        organizer: Option<&PersonId>,
        attendees: impl Iterator<Item = &PersonId>,
    ) -> Result<sheet::People, Failure> {
        let mut named = sheet::People::default();
        if let Some(organizer) = organizer {
            named.organizer = self.user(organizer).await?;
        }
        let mut users = BTreeSet::new();
        for person in attendees {
            users.extend(self.user(person).await?.map(|user| user.to_lowercase()));
        }
        named.attendees = users;
        Ok(named)
    }

    async fn user(&self, person: &PersonId) -> Result<Option<String>, Failure> {
        let plain = self.people.plain(person).await?;
        Ok(ids::user(&plain).map(str::to_owned))
    }
}

/// Nothing where the platform will never say it.
fn unless_refused<T>(outcome: Result<T, CallError>) -> Result<Option<T>, Failure> {
    match outcome {
        Ok(value) => Ok(Some(value)),
        Err(error) if matches!(error.meaning, Meaning::Refused(_) | Meaning::SetUp) => {
            tracing::warn!(%error, "the platform does not say what it told of");
            Ok(None)
        }
        Err(error) => Err(error.into()),
    }
}

#[async_trait]
impl Calendars for Office {
    async fn put_meeting(
        &self,
        meeting: &Meeting,
        known: Option<&EntryOnPlatform>,
    ) -> Result<EntryOnPlatform, Failure> {
        let people = if meeting.is_canceled {
            sheet::People::default()
        } else {
            let attendees = meeting.attendees.iter().map(|attendee| &attendee.person);
            self.named(meeting.organizer.as_ref(), attendees).await?
        };
        self.put_series(meeting, people, known).await
    }

    async fn busy(&self, _: &[PersonId], _: u64, _: u64) -> Result<Vec<Busy>, Failure> {
        // An app sees the schedules alone that it made itself, and nothing asks when somebody is free.
        Err(Failure::refused(Refusal::Impossible))
    }
}

#[async_trait]
impl Todos for Office {
    async fn put_todo(
        &self,
        todo: &Todo,
        known: Option<&EntryOnPlatform>,
    ) -> Result<EntryOnPlatform, Failure> {
        let mark = mark_of(&todo.head.key);
        let waiting: Vec<&PersonId> =
            todo.assignees.iter().filter(|one| !one.is_done).map(|one| &one.person).collect();
        let is_open = todo.state == TodoState::Open && todo.due_ms.is_some() && !waiting.is_empty();
        let sheet = if is_open {
            let people = self.named(todo.creator.as_ref(), waiting.into_iter()).await?;
            Sheet::of_todo(todo, people, &mark)
        } else {
            None
        };
        self.put(&todo.head, false, sheet, known).await
    }
}

#[async_trait]
impl Approvals for Office {
    async fn put_approval(
        &self,
        _: &Approval,
        _: Option<&EntryOnPlatform>,
    ) -> Result<EntryOnPlatform, Failure> {
        // What an app submits would run a second time there, by a form of the platform's own and with nobody's decision of ours.
        Err(Failure::refused(Refusal::Impossible))
    }

    async fn decide(
        &self,
        _: &EntryOnPlatform,
        _: &str,
        _: &PersonId,
        _: bool,
        _: Option<&str>,
    ) -> Result<(), Failure> {
        Err(Failure::refused(Refusal::Impossible))
    }
}
