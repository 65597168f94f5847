//! The meetings bot, put together: calendars, free/busy, to-dos that become tasks, invitations by mail.

use std::sync::Arc;

use calendar::{Calendars, Zone};
use cases::Refusal;
use config::Config;
use kit::Kit;
use meetings::{Conferencing, Meetings, MeetingsParts, Settings, TodoLine, Todos, hours::Hours};
use people::People;
use ruma::OwnedRoomId;
use store::Batch;
use tasks::Proposal;
use workdays::Workdays;

use super::calendars::Postman;
use crate::StartError;

/// Makes the bot.
pub(super) fn open(
    config: &Config,
    kit: &Kit,
    people: &People,
    workdays: &Workdays,
    calendars: &Calendars,
    has_mail: bool,
) -> Result<Meetings, StartError> {
    let post = has_mail.then(|| Arc::new(Postman(calendars.clone())) as Arc<dyn meetings::Post>);
    Ok(Meetings::new(
        kit.clone(),
        MeetingsParts {
            people: people.clone(),
            workdays: workdays.clone(),
            calendars: calendars.clone(),
            free_busy: Arc::new(calendars.clone()),
            todos: Arc::new(Minutes(people.clone())),
            post,
            ledger: Some(approvals::LOCALPART),
            settings: settings(config)?,
        },
    ))
}

/// The zone of the organisation.
pub(super) fn zone(config: &Config) -> Result<Zone, StartError> {
    let name = &config.meetings.time_zone;
    let unknown =
        || StartError::Setting { key: "meetings.time_zone", reason: format!("{name:?} is not known") };
    Zone::find(name).ok_or_else(unknown)
}

fn settings(config: &Config) -> Result<Settings, StartError> {
    let section = &config.meetings;
    let wrong = |key, reason: &str| StartError::Setting { key, reason: reason.to_owned() };
    let url = section.conference_url.clone().unwrap_or_default();
    let conference = match section.conference.as_str() {
        "element_call" => Conferencing::ElementCall,
        "jitsi" => Conferencing::Jitsi(url),
        "url" => Conferencing::Url(url),
        _ => Conferencing::None,
    };
    let room = section.knowledge_room.as_deref().map(OwnedRoomId::try_from).transpose();
    Ok(Settings {
        zone: zone(config)?,
        hours: Hours::parse(&section.working_hours)
            .ok_or_else(|| wrong("meetings.working_hours", "must be like 09:00-18:00"))?,
        resources: section.resources.clone(),
        conference,
        own_rooms: section.own_rooms,
        calendar_events: section.calendar_events,
        knowledge_room: room.map_err(|error| wrong("meetings.knowledge_room", &error.to_string()))?,
        public_url: super::public_url(config),
    })
}

/// To-dos of minutes become tasks.
struct Minutes(People);

impl Todos for Minutes {
    fn propose(&self, kit: &Kit, batch: &mut Batch, todo: &TodoLine<'_>) -> Result<(), Refusal> {
        let chart = self.0.chart();
        let Some(read) = tasks::todo_of(todo.text, &chart, todo.now) else { return Ok(()) };
        // Whoever is in no staff list has nobody to give tasks to.
        let Some(by) = chart.by_account(todo.organizer) else { return Ok(()) };
        let (by, zone) = (by.id.clone(), todo.zone.as_str().to_owned());
        let proposal = Proposal { todo: read?, by, source_no: todo.no.to_owned(), zone };
        tasks::propose(kit, batch, &todo.key, &proposal);
        Ok(())
    }
}
