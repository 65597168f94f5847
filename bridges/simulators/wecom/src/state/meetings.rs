//! Meetings of apps, which belong to the app that made them: who is asked, who was there, how they stand.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use super::State;
use super::people::folded;
use super::schedules::Schedule;
use crate::refusal::Refusal;

/// It has not begun, or nobody is there yet.
const WAITING: u64 = 1;
/// Somebody is or was there and its time is not over.
const RUNNING: u64 = 2;
/// It is over.
const ENDED: u64 = 3;
/// Its app took it back.
const CANCELLED: u64 = 4;
/// Its time is over and nobody came.
const EXPIRED: u64 = 5;

/// A meeting.
#[derive(Clone, Debug)]
pub(crate) struct Meeting {
    pub(crate) agent: u64,
    /// What was said of it.
    pub(crate) body: Value,
    /// Who manages it, by folded id.
    pub(crate) admin: String,
    /// Who is asked, by folded id.
    pub(crate) invitees: BTreeSet<String>,
    /// The nine digits by which people come in.
    pub(crate) code: String,
    pub(crate) cancelled: bool,
    /// Who was there, by folded id.
    pub(crate) visits: BTreeMap<String, Visit>,
}

/// How somebody was in a meeting; times in seconds since the Unix epoch.
#[derive(Clone, Debug, Default)]
pub(crate) struct Visit {
    pub(crate) first_s: u64,
    pub(crate) last_quit_s: u64,
    pub(crate) joins: u64,
    /// How long they were there, in seconds, without the time since they came in last.
    pub(crate) attended_s: u64,
    /// Since when they are there.
    pub(crate) since_s: Option<u64>,
}

impl Meeting {
    fn number(&self, name: &str) -> u64 {
        self.body.get(name).and_then(Value::as_u64).unwrap_or_default()
    }

    /// When it begins, in seconds since the Unix epoch.
    pub(crate) fn start_s(&self) -> u64 {
        self.number("meeting_start")
    }

    /// When it ends, in seconds since the Unix epoch: the last of its times where it repeats.
    pub(crate) fn end_s(&self) -> u64 {
        let schedule = self.as_schedule();
        let last_s = if schedule.is_series() { schedule.times().last().copied() } else { None };
        last_s.unwrap_or_else(|| self.start_s()).saturating_add(self.number("meeting_duration"))
    }

    /// How it stands at a moment, by the platform's numbers.
    pub(crate) fn status(&self, now_s: u64) -> u64 {
        match (self.cancelled, self.visits.is_empty()) {
            (true, _) => CANCELLED,
            (false, true) if now_s >= self.end_s() => EXPIRED,
            (false, false) if now_s >= self.end_s() => ENDED,
            (false, true) => WAITING,
            (false, false) => RUNNING,
        }
    }

    /// Whether somebody manages it or is asked to it.
    pub(crate) fn concerns(&self, person: &str) -> bool {
        self.admin == person || self.invitees.contains(person)
    }

    /// How it stands in calendars.
    pub(crate) fn as_schedule(&self) -> Schedule {
        let text = |name: &str| self.body.get(name).and_then(Value::as_str).unwrap_or_default();
        let start_s = self.start_s();
        let mut reminders = self.body.get("reminders").cloned().unwrap_or_else(|| json!({}));
        // An interval counts in meetings wherever it is said, in schedules only where they say that it does.
        if reminders.get("repeat_interval").and_then(Value::as_u64).is_some_and(|interval| interval > 1) {
            reminders["is_custom_repeat"] = 1.into();
        }
        let body = json!({
            "summary": text("title"), "description": text("description"), "location": text("location"),
            "start_time": start_s, "end_time": start_s.saturating_add(self.number("meeting_duration")),
            "admins": [self.admin], "cal_id": text("cal_id"), "reminders": reminders,
        });
        let attendees = self.invitees.iter().map(|one| (one.clone(), 0)).collect();
        Schedule { agent: self.agent, body, attendees, cancelled: self.cancelled, excluded: BTreeSet::new() }
    }
}

impl State {
    /// Somebody comes into a meeting.
    pub(crate) fn join_meeting(&mut self, meeting: &str, person: &str) -> Result<(), Refusal> {
        let (id, now_s) = (folded(&self.person(person)?.user_id), self.now_s());
        let none = || Refusal::control("there is no such meeting, or it is over");
        let meeting = self.meetings.get_mut(meeting).filter(|one| {
            let status = one.status(now_s);
            status == WAITING || status == RUNNING
        });
        let visit = meeting
            .ok_or_else(none)?
            .visits
            .entry(id)
            .or_insert_with(|| Visit { first_s: now_s, ..Visit::default() });
        if visit.since_s.is_none() {
            (visit.since_s, visit.joins) = (Some(now_s), visit.joins + 1);
        }
        Ok(())
    }

    /// Somebody leaves a meeting.
    pub(crate) fn quit_meeting(&mut self, meeting: &str, person: &str) -> Result<(), Refusal> {
        let now_s = self.now_s();
        let none = || Refusal::control("the person is not in that meeting");
        let visits = self.meetings.get_mut(meeting).map(|one| &mut one.visits).ok_or_else(none)?;
        let visit = visits.get_mut(&folded(person)).ok_or_else(none)?;
        let since_s = visit.since_s.take().ok_or_else(none)?;
        visit.attended_s += now_s.saturating_sub(since_s);
        visit.last_quit_s = now_s;
        Ok(())
    }
}
