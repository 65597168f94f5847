//! Calendars and schedules of apps, which belong to the app that made them, and what people have by themselves.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use super::State;
use super::people::folded;
use crate::limits::RECORDS_MAX;
use crate::refusal::Refusal;

/// A calendar.
#[derive(Clone, Debug)]
pub(crate) struct Calendar {
    pub(crate) agent: u64,
    pub(crate) body: Value,
}

/// A schedule.
#[derive(Clone, Debug)]
pub(crate) struct Schedule {
    pub(crate) agent: u64,
    pub(crate) body: Value,
    /// Who attends, by folded id: 0 no answer, 1 perhaps, 2 comes, 3 comes once, 4 does not.
    pub(crate) attendees: BTreeMap<String, u64>,
    pub(crate) cancelled: bool,
    /// The times of a series that were taken out of it, in seconds since the Unix epoch.
    pub(crate) excluded: BTreeSet<u64>,
}

/// Something that a person has in the calendar by themselves.
#[derive(Clone, Debug)]
pub(crate) struct Booked {
    /// Who, by folded id.
    pub(crate) person: String,
    pub(crate) title: String,
    pub(crate) start_ms: u64,
    pub(crate) end_ms: u64,
}

impl Schedule {
    pub(crate) fn calendar(&self) -> &str {
        self.body.get("cal_id").and_then(Value::as_str).unwrap_or_default()
    }

    /// Who manages it: `admins` in newer calls, `organizer` in older ones.
    pub(crate) fn managers(&self) -> Vec<&str> {
        let admins = self.body.get("admins").and_then(Value::as_array);
        let admins = admins.into_iter().flatten().filter_map(Value::as_str);
        admins.chain(self.body.get("organizer").and_then(Value::as_str)).collect()
    }

    /// Whether somebody finds it in their calendar.
    pub(crate) fn is_seen_by(&self, person: &str) -> bool {
        let id = folded(person);
        !self.cancelled
            && (self.attendees.contains_key(&id) || self.managers().into_iter().any(|one| folded(one) == id))
    }
}

impl State {
    /// Somebody answers an invitation, and the app is told.
    pub(crate) fn respond(&mut self, schedule_id: &str, person: &str, status: u64) -> Result<(), Refusal> {
        let unknown = || Refusal::control("there is no such schedule, or the person is not invited");
        let schedule =
            self.schedules.get_mut(schedule_id).filter(|one| !one.cancelled).ok_or_else(unknown)?;
        let response = schedule.attendees.get_mut(&folded(person)).ok_or_else(unknown)?;
        *response = status;
        self.tell_of_schedule(schedule_id, person, "respond_schedule");
        Ok(())
    }

    /// Somebody who manages a schedule gives it another time, in seconds since the Unix epoch, and the app is told.
    pub(crate) fn move_schedule(
        &mut self,
        schedule_id: &str,
        person: &str,
        start_s: u64,
        end_s: u64,
    ) -> Result<(), Refusal> {
        let id = folded(person);
        let manages =
            |one: &&mut Schedule| !one.cancelled && one.managers().iter().any(|own| folded(own) == id);
        let schedule = self.schedules.get_mut(schedule_id).filter(manages).filter(|_| start_s <= end_s);
        let none = || Refusal::control("the person manages no such schedule, or it ends before it begins");
        let body = &mut schedule.ok_or_else(none)?.body;
        (body["start_time"], body["end_time"]) = (start_s.into(), end_s.into());
        self.tell_of_schedule(schedule_id, person, "modify_schedule");
        Ok(())
    }

    /// Somebody who sees a schedule deletes it, and the app is told.
    pub(crate) fn remove_schedule(&mut self, schedule_id: &str, person: &str) -> Result<(), Refusal> {
        let schedule = self.schedules.get_mut(schedule_id).filter(|one| one.is_seen_by(person));
        schedule.ok_or_else(|| Refusal::control("the person sees no such schedule"))?.cancelled = true;
        self.tell_of_schedule(schedule_id, person, "delete_schedule");
        Ok(())
    }

    fn tell_of_schedule(&mut self, schedule_id: &str, person: &str, event: &str) {
        let Some(schedule) = self.schedules.get(schedule_id) else { return };
        let agent = schedule.agent;
        let fields = json!({ "CalId": schedule.calendar(), "ScheduleId": schedule_id });
        let person = self.spelled(person);
        self.emit(agent, &person, event, &fields);
    }

    /// An administrator deletes a calendar with all that stands there, and the app is told.
    pub(crate) fn remove_calendar(&mut self, cal_id: &str) -> Result<(), Refusal> {
        let gone = self.calendars.remove(cal_id);
        let gone = gone.ok_or_else(|| Refusal::control("there is no such calendar"))?;
        for schedule in self.schedules.values_mut().filter(|one| one.calendar() == cal_id) {
            schedule.cancelled = true;
        }
        self.emit(gone.agent, "sys", "delete_calendar", &json!({ "CalId": cal_id }));
        Ok(())
    }

    /// A person has no time; answers by what it is called.
    pub(crate) fn book(&mut self, booked: Booked) -> Result<String, Refusal> {
        self.person(&booked.person)?;
        if self.booked.len() >= RECORDS_MAX || booked.end_ms < booked.start_ms {
            return Err(Refusal::control("it ends before it begins, or there is too much of it"));
        }
        let id = self.stage.chance.id("", 32);
        self.booked.insert(id.clone(), booked);
        Ok(id)
    }
}
