//! What people see in the calendar and in the approval centre of the platform.

use serde_json::{Value, json};

use crate::refusal::Refusal;
use crate::state::State;
use crate::state::approvals::{AGREED, Approval, Decider, Node, PENDING, REJECTED};
use crate::state::people::folded;
use crate::state::schedules::Schedule;

/// Answers to invitations by the platform's numbers; the first of a name is the one that people give.
pub(crate) const ANSWERS: [(u64, &str); 5] =
    [(0, "none"), (2, "accepted"), (1, "tentative"), (3, "accepted"), (4, "declined")];

/// Times of one schedule that a calendar shows.
const INSTANCES_SHOWN_MAX: usize = 60;

/// Days of a week as rules name them, from Monday, which is 1.
const DAYS: [&str; 7] = ["MO", "TU", "WE", "TH", "FR", "SA", "SU"];

/// The calendar of somebody, by the time at which things begin.
pub(crate) fn calendar(state: &State, person: &str) -> Result<Value, Refusal> {
    let id = folded(&state.person(person)?.user_id);
    let shown = state.schedules.iter().filter(|(_, one)| one.is_seen_by(person));
    let own = state.booked.iter().filter(|(_, one)| one.person == id).map(|(name, one)| {
        json!({
            "id": name, "title": one.title, "start_ms": one.start_ms, "end_ms": one.end_ms, "location": "",
            "recurrence": null, "organizer": state.spelled(&one.person), "attendees": [],
            "instances": [{
                "id": name, "start_ms": one.start_ms, "end_ms": one.end_ms, "title": one.title, "location": "",
            }],
        })
    });
    let called = state.meetings.iter().filter(|(_, one)| one.concerns(&id) && !one.cancelled);
    let called = called.map(|(name, one)| meeting(state, name, &one.as_schedule()));
    let scheduled = shown.map(|(name, one)| meeting(state, name, one));
    let mut meetings: Vec<Value> = scheduled.chain(called).chain(own).collect();
    meetings.sort_by_key(|one| one["start_ms"].as_u64());
    Ok(json!({ "meetings": meetings }))
}

fn meeting(state: &State, id: &str, schedule: &Schedule) -> Value {
    let body = &schedule.body;
    let text = |name: &str| body.get(name).and_then(Value::as_str).unwrap_or_default();
    let ms = |name: &str| body.get(name).and_then(Value::as_u64).unwrap_or_default() * 1_000;
    let attendee = |(person, status): (&String, &u64)| {
        let answer = ANSWERS.iter().find(|(known, _)| known == status).map_or("none", |(_, name)| name);
        json!({ "person": state.spelled(person), "answer": answer })
    };
    let attendees: Vec<Value> = schedule.attendees.iter().map(attendee).collect();
    let instance = |start_s: u64| {
        json!({
            "id": id, "start_ms": start_s * 1_000, "end_ms": (start_s + schedule.length_s()) * 1_000,
            "title": text("summary"), "location": text("location"),
        })
    };
    let instances: Vec<Value> =
        schedule.times().into_iter().take(INSTANCES_SHOWN_MAX).map(instance).collect();
    let organizer = schedule.managers().first().map(|one| state.spelled(one));
    json!({
        "id": id, "title": text("summary"), "description": text("description"), "location": text("location"),
        "start_ms": ms("start_time"), "end_ms": ms("end_time"),
        "whole_day": body.get("is_whole_day").and_then(Value::as_u64) == Some(1),
        "recurrence": body.get("reminders").and_then(recurrence),
        "repeats_until_ms": body.pointer("/reminders/repeat_until").and_then(Value::as_u64).map(|end| end * 1_000),
        "organizer": organizer.unwrap_or_else(|| schedule.agent.to_string()), "attendees": attendees,
        "instances": instances,
    })
}

/// How something repeats, as a rule without its end.
fn recurrence(reminders: &Value) -> Option<String> {
    let number = |name: &str| reminders.get(name).and_then(Value::as_u64).unwrap_or_default();
    let numbers = |name: &str| -> Vec<u64> {
        let list = reminders.get(name).and_then(Value::as_array);
        list.into_iter().flatten().filter_map(Value::as_u64).collect()
    };
    if number("is_repeat") != 1 {
        return None;
    }
    let frequency = match number("repeat_type") {
        0 => "DAILY",
        1 | 7 => "WEEKLY",
        2 => "MONTHLY",
        _ => "YEARLY",
    };
    let mut rule = format!("FREQ={frequency}");
    if number("is_custom_repeat") == 1 {
        if number("repeat_interval") > 1 {
            rule += &format!(";INTERVAL={}", number("repeat_interval"));
        }
        let day = |day: u64| Some(*DAYS.get(usize::try_from(day).ok()?.checked_sub(1)?)?);
        let days: Vec<&str> = numbers("repeat_day_of_week").into_iter().filter_map(day).collect();
        if frequency == "WEEKLY" && !days.is_empty() {
            rule += &format!(";BYDAY={}", days.join(","));
        }
        let days: Vec<String> = numbers("repeat_day_of_month").iter().map(u64::to_string).collect();
        if frequency == "MONTHLY" && !days.is_empty() {
            rule += &format!(";BYMONTHDAY={}", days.join(","));
        }
    } else if number("repeat_type") == 7 {
        rule += ";BYDAY=MO,TU,WE,TH,FR";
    }
    Some(rule)
}

/// The approvals of somebody: what they asked for, and what they are or were asked.
pub(crate) fn approvals(state: &State, person: &str) -> Result<Value, Refusal> {
    let id = folded(&state.person(person)?.user_id);
    let seen: Vec<Value> = state.approvals.values().filter_map(|one| approval(one, &id)).collect();
    Ok(json!({ "approvals": seen }))
}

fn approval(approval: &Approval, person: &str) -> Option<Value> {
    let asking = approval.asking();
    let theirs = |node: &Node| node.people.iter().find(|one| folded(&one.person) == person).cloned();
    // What comes later nobody sees before its time.
    let is_reached = |place: usize| asking.is_none_or(|asking| place <= asking);
    let steps =
        approval.nodes.iter().enumerate().filter(|(place, node)| node.kind != 2 && is_reached(*place));
    let task = steps.filter_map(|(place, node)| Some((place, theirs(node)?))).next_back();
    if task.is_none() && folded(&approval.applicant) != person {
        return None;
    }
    let task_state = |(place, own): &(usize, Decider)| match own.status {
        AGREED => "approved",
        REJECTED => "rejected",
        _ if asking == Some(*place) => "pending",
        _ => "closed",
    };
    let state = match approval.status {
        PENDING => "pending",
        AGREED | 10 => "approved",
        REJECTED => "rejected",
        _ => "canceled",
    };
    Some(json!({
        "id": approval.number, "title": approval.name, "state": state, "starter": approval.applicant,
        "task": task.as_ref().map(|(place, _)| format!("{}/{place}", approval.number)),
        "task_state": task.as_ref().map(task_state), "lines": lines(&approval.apply_data),
    }))
}

fn lines(data: &Value) -> Vec<(String, String)> {
    let text = |value: Option<&Value>| value.and_then(Value::as_str).unwrap_or_default().to_owned();
    let contents = data.get("contents").and_then(Value::as_array);
    let line = |one: &Value| (text(one.pointer("/title/0/text")), text(one.pointer("/value/text")));
    contents.into_iter().flatten().map(line).collect()
}
