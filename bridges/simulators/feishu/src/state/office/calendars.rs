//! Calendars that several write into or read. What is in them is nobody's time: only calendars of people make somebody busy.

use std::collections::BTreeMap;

use super::calendar::calendar_id;
use crate::limits::RECORDS_MAX;
use crate::refusal::Refusal;
use crate::state::State;

/// What an app may do in a calendar, from the least to the most.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Role {
    FreeBusyReader,
    Reader,
    Writer,
    Owner,
}

impl Role {
    /// As the API writes it.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::FreeBusyReader => "free_busy_reader",
            Self::Reader => "reader",
            Self::Writer => "writer",
            Self::Owner => "owner",
        }
    }

    fn read(name: &str) -> Option<Self> {
        let all = [Self::FreeBusyReader, Self::Reader, Self::Writer, Self::Owner];
        all.into_iter().find(|role| role.name() == name)
    }
}

/// A calendar beside those that apps and people have of their own.
#[derive(Clone, Debug)]
pub(crate) struct SharedCalendar {
    /// Who owns what is in it: it stands where an app or a person stands with other calendars.
    pub(crate) key: String,
    pub(crate) summary: String,
    pub(crate) description: String,
    /// `private`, `show_only_free_busy` or `public`.
    pub(crate) permissions: String,
    /// What apps may do in it.
    pub(crate) roles: BTreeMap<String, Role>,
    pub(crate) is_deleted: bool,
    /// The number of its last change; later ones are greater.
    pub(crate) changed: u64,
}

impl State {
    /// Makes a calendar in which an app has a role; answers its id.
    pub(crate) fn make_calendar(&mut self, app: &str, role: Role, summary: &str) -> Result<String, Refusal> {
        self.app(app)?;
        if self.office.calendars.len() >= RECORDS_MAX {
            return Err(Refusal::code(190_004));
        }
        let key = self.stage.chance.id("shared ", 16);
        let id = calendar_id(&key);
        let shared = SharedCalendar {
            key,
            summary: summary.to_owned(),
            description: String::new(),
            permissions: "show_only_free_busy".to_owned(),
            roles: [(app.to_owned(), role)].into(),
            is_deleted: false,
            changed: self.stage.number(),
        };
        self.office.calendars.insert(id.clone(), shared);
        Ok(id)
    }

    /// Somebody has another calendar and gives an app a role in it; answers its id.
    pub(crate) fn share_calendar(&mut self, app: &str, name: &str, role: &str) -> Result<String, Refusal> {
        let role = Role::read(role).ok_or(Refusal::ext(190_014, "role"))?;
        self.make_calendar(app, role, name)
    }

    /// A calendar beside those of their own that is still there.
    pub(crate) fn shared_calendar(&self, calendar: &str) -> Result<&SharedCalendar, Refusal> {
        let known = self.office.calendars.get(calendar).ok_or(Refusal::code(191_000))?;
        if known.is_deleted { Err(Refusal::code(191_003)) } else { Ok(known) }
    }

    /// In whose place an app acts in a calendar, if its role there is at least this one.
    pub(crate) fn calendar_as(&self, app: &str, calendar: &str, least: Role) -> Result<String, Refusal> {
        if calendar == calendar_id(app) {
            return Ok(app.to_owned());
        }
        let is_theirs = |owner: &String| calendar_id(owner) == calendar;
        if self.people.keys().any(is_theirs) || self.apps.keys().any(is_theirs) {
            return Err(Refusal::code(191_002));
        }
        let shared = self.shared_calendar(calendar)?;
        let role = shared.roles.get(app).filter(|role| **role >= least);
        role.map(|_| shared.key.clone()).ok_or(Refusal::code(191_002))
    }
}
