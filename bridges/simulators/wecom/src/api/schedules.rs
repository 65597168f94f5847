//! Schedules, which belong to the app that made them.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use super::reading::text;
use super::send::own_agent;
use super::{Call, Outcome};
use crate::faults::Fault;
use crate::limits::RECORDS_MAX;
use crate::refusal::Refusal;
use crate::state::State;
use crate::state::people::folded;
use crate::state::schedules::Schedule;

const ATTENDEES_MAX: usize = 2_000;
const IDS_MAX: usize = 1_000;
const PAGE_MAX: u64 = 1_000;
const DAY_MS: u64 = 86_400_000;
const DAY_SECONDS: u64 = 86_400;
/// The organisation's own zone, in seconds from UTC.
const HOME_SECONDS: u64 = 8 * 3_600;
/// Characters that a schedule's texts may have.
const TEXTS: [(&str, usize); 3] = [("summary", 128), ("description", 512), ("location", 128)];
/// Seconds before a schedule at which people can be reminded.
const REMINDERS: [u64; 5] = [0, 300, 900, 3_600, 86_400];
/// By days, weeks, months, years and working days.
const REPETITIONS: [u64; 5] = [0, 1, 2, 5, 7];

fn attendees(state: &State, list: Option<&Value>) -> Result<BTreeMap<String, u64>, Refusal> {
    let list = list.and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    let ids: Vec<&str> = list.iter().map(|one| text(one, "userid")).collect();
    if ids.len() > ATTENDEES_MAX || ids.iter().any(|id| state.person(id).is_err()) {
        return Err(Refusal::new(40_031));
    }
    Ok(ids.into_iter().map(|id| (folded(id), 0)).collect())
}

/// The schedule of a request and who is invited. Newer calls say `admins`, older ones `organizer`.
fn read(state: &State, call: &Call) -> Result<(Value, BTreeMap<String, u64>), Refusal> {
    let body = call.body.get("schedule").filter(|body| body.is_object()).cloned();
    let body = body.ok_or_else(|| Refusal::new(40_063))?;
    let time = |name: &str| body.get(name).and_then(Value::as_u64);
    match (time("start_time"), time("end_time")) {
        (Some(start), Some(end)) if start <= end => {}
        _ => return Err(Refusal::parameter("start_time or end_time")),
    }
    let is_long =
        |(name, characters_max): &(&str, usize)| text(&body, name).chars().count() > *characters_max;
    if let Some((name, _)) = TEXTS.iter().find(|one| is_long(one)) {
        return Err(Refusal::parameter(name));
    }
    if let Some(reminders) = body.get("reminders") {
        remind(reminders)?;
    }
    let attendees = attendees(state, body.get("attendees"))?;
    let people = Schedule { agent: 0, body, attendees, cancelled: false, excluded: BTreeSet::new() };
    if people.managers().into_iter().any(|one| state.person(one).is_err()) {
        return Err(Refusal::new(40_031));
    }
    Ok((people.body, people.attendees))
}

/// Whether reminders and repetition are among those that the platform knows.
pub(super) fn remind(reminders: &Value) -> Result<(), Refusal> {
    let number = |name: &str| reminders.get(name).and_then(Value::as_u64);
    let within = |name: &str, least: u64, most: u64| {
        let list = reminders.get(name).and_then(Value::as_array);
        list.into_iter().flatten().all(|one| one.as_u64().is_some_and(|one| (least..=most).contains(&one)))
    };
    let zone = reminders.get("timezone").and_then(Value::as_i64).unwrap_or(8);
    let is_known = number("remind_before_event_secs").is_none_or(|before| REMINDERS.contains(&before));
    let repeats = number("is_repeat") == Some(1);
    let table = [
        ("remind_before_event_secs", is_known),
        ("repeat_type", !repeats || number("repeat_type").is_some_and(|kind| REPETITIONS.contains(&kind))),
        ("repeat_day_of_week", within("repeat_day_of_week", 1, 7)),
        ("repeat_day_of_month", within("repeat_day_of_month", 1, 31)),
        ("timezone", (-12..=12).contains(&zone)),
    ];
    match table.into_iter().find(|(_, is_right)| !is_right) {
        Some((name, _)) => Err(Refusal::parameter(name)),
        None => Ok(()),
    }
}

fn own<'a>(state: &'a mut State, call: &Call, id: &str) -> Result<&'a mut Schedule, Refusal> {
    let schedule = state.schedules.get_mut(id).filter(|one| one.agent == call.agent && !one.cancelled);
    schedule.ok_or_else(|| Refusal::parameter("schedule_id"))
}

pub(super) fn add(state: &mut State, call: &Call) -> Outcome {
    let agent = own_agent(call)?;
    let (body, attendees) = read(state, call)?;
    let id = born(state, agent, body, attendees)?;
    Ok(json!({ "schedule_id": id }).into())
}

/// A new schedule; what it is called.
fn born(
    state: &mut State,
    agent: u64,
    mut body: Value,
    attendees: BTreeMap<String, u64>,
) -> Result<String, Refusal> {
    let calendar = text(&body, "cal_id");
    let is_own = state.calendars.get(calendar).is_some_and(|calendar| calendar.agent == agent);
    if !calendar.is_empty() && !is_own {
        return Err(Refusal::parameter("cal_id"));
    }
    made(state, agent)?;
    if state.schedules.len() >= RECORDS_MAX {
        return Err(Refusal::new(45_009));
    }
    let id = state.stage.chance.id("", 32);
    body["schedule_id"] = id.clone().into();
    let schedule = Schedule { agent, body, attendees, cancelled: false, excluded: BTreeSet::new() };
    state.schedules.insert(id.clone(), schedule);
    Ok(id)
}

/// Which instances of a series a call is about: all, the one that begins then, or that one and those behind it.
enum Operation {
    All,
    This(u64),
    Following(u64),
}

fn operation(schedule: &Schedule, call: &Call) -> Result<Operation, Refusal> {
    let mode = call.number("op_mode").unwrap_or(0);
    if mode == 0 {
        return Ok(Operation::All);
    }
    if !schedule.is_series() {
        return Err(Refusal::new(90_485));
    }
    let start_s = call.number("op_start_time").filter(|start_s| schedule.times().contains(start_s));
    let start_s = start_s.ok_or_else(|| Refusal::new(90_482))?;
    match mode {
        1 => Ok(Operation::This(start_s)),
        2 => Ok(Operation::Following(start_s)),
        _ => Err(Refusal::parameter("op_mode")),
    }
}

/// Takes something of a series out of it, or all of it away.
fn take_out(schedule: &mut Schedule, operation: &Operation) {
    match operation {
        Operation::All => schedule.cancelled = true,
        Operation::This(start_s) => {
            schedule.excluded.insert(*start_s);
        }
        Operation::Following(start_s) => {
            schedule.body["reminders"]["repeat_until"] = start_s.saturating_sub(1).into();
        }
    }
}

/// Counts what an app makes in a day.
pub(super) fn made(state: &mut State, agent: u64) -> Result<(), Refusal> {
    let bounds = [(DAY_MS, state.settings.schedules_per_day)];
    let counted = state.stage.count(&agent.to_string(), "schedules", &bounds);
    counted.map_err(|_| Refusal::new(45_009))
}

/// What is not said is gone afterwards; who had answered has answered still.
pub(super) fn update(state: &mut State, call: &Call) -> Outcome {
    let (body, attendees) = read(state, call)?;
    let forgets = state.stage.faults.strikes(Fault::ScheduleForgets);
    let schedule = own(state, call, text(&body, "schedule_id"))?;
    let operation = operation(schedule, call)?;
    if let Operation::This(start_s) | Operation::Following(start_s) = &operation {
        // It may not go to an earlier day.
        let day = |seconds: u64| (seconds + HOME_SECONDS) / DAY_SECONDS;
        if body.get("start_time").and_then(Value::as_u64).is_none_or(|to_s| day(to_s) < day(*start_s)) {
            return Err(Refusal::parameter("start_time"));
        }
        let answers = schedule.attendees.clone();
        let attendees = if call.number("skip_attendees") == Some(1) { answers } else { attendees };
        // What is refused leaves its series as it was.
        let id = born(state, call.agent, body.clone(), attendees)?;
        take_out(own(state, call, text(&body, "schedule_id"))?, &operation);
        return Ok(json!({ "schedule_id": id }).into());
    }
    if call.number("skip_attendees") != Some(1) {
        let before = std::mem::take(&mut schedule.attendees);
        let kept = |(id, _): (String, u64)| (before.get(&id).copied().unwrap_or(0), id);
        schedule.attendees = attendees.into_iter().map(kept).map(|(status, id)| (id, status)).collect();
    }
    schedule.body = body;
    if forgets {
        schedule.attendees.values_mut().for_each(|status| *status = 0);
    }
    Ok(json!({}).into())
}

fn shown(state: &State, schedule: &Schedule) -> Value {
    let one =
        |(id, status): (&String, &u64)| json!({ "userid": state.spelled(id), "response_status": status });
    let mut shown = schedule.body.clone();
    shown["attendees"] = schedule.attendees.iter().map(one).collect();
    shown["status"] = u64::from(schedule.cancelled).into();
    if shown["reminders"].is_object() {
        let excluded = schedule.excluded.iter().map(|start_s| json!({ "start_time": start_s }));
        shown["reminders"]["exclude_time_list"] = excluded.collect();
    }
    shown
}

pub(super) fn get(state: &mut State, call: &Call) -> Outcome {
    let ids = call.texts("schedule_id_list");
    if ids.is_empty() || ids.len() > IDS_MAX {
        return Err(Refusal::parameter("schedule_id_list"));
    }
    let own = |id: &String| state.schedules.get(id).filter(|one| one.agent == call.agent);
    let found: Vec<Value> = ids.iter().filter_map(own).map(|one| shown(state, one)).collect();
    Ok(json!({ "schedule_list": found }).into())
}

pub(super) fn delete(state: &mut State, call: &Call) -> Outcome {
    let schedule = own(state, call, call.text("schedule_id"))?;
    let operation = operation(schedule, call)?;
    take_out(schedule, &operation);
    Ok(json!({}).into())
}

pub(super) fn by_calendar(state: &mut State, call: &Call) -> Outcome {
    let (calendar, offset) = (call.text("cal_id"), call.number("offset").unwrap_or(0));
    let limit = call.number("limit").unwrap_or(500).min(PAGE_MAX);
    let size = |number: u64| usize::try_from(number).unwrap_or(usize::MAX);
    let own = state.schedules.values().filter(|one| one.agent == call.agent && one.calendar() == calendar);
    let page: Vec<Value> = own.skip(size(offset)).take(size(limit)).map(|one| shown(state, one)).collect();
    Ok(json!({ "schedule_list": page }).into())
}

pub(super) fn add_attendees(state: &mut State, call: &Call) -> Outcome {
    let new = attendees(state, call.body.get("attendees"))?;
    let schedule = own(state, call, call.text("schedule_id"))?;
    for (id, status) in new {
        schedule.attendees.entry(id).or_insert(status);
    }
    Ok(json!({}).into())
}

pub(super) fn remove_attendees(state: &mut State, call: &Call) -> Outcome {
    let gone = call.body.get("attendees").and_then(Value::as_array).cloned().unwrap_or_default();
    let schedule = own(state, call, call.text("schedule_id"))?;
    for one in &gone {
        schedule.attendees.remove(&folded(text(one, "userid")));
    }
    Ok(json!({}).into())
}
