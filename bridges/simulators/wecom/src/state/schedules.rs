//! Calendars and schedules of apps, which belong to the app that made them.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::State;
use super::people::folded;
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
}

impl Schedule {
    pub(crate) fn calendar(&self) -> &str {
        self.body.get("cal_id").and_then(Value::as_str).unwrap_or_default()
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
        let (agent, calendar) = (schedule.agent, schedule.calendar().to_owned());
        let fields = json!({ "CalId": calendar, "ScheduleId": schedule_id });
        let person = self.spelled(person);
        self.emit(agent, &person, "respond_schedule", &fields);
        Ok(())
    }
}
