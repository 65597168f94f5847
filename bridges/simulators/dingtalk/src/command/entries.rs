//! What people see and do in the platform's own apps: to-dos, calendar, approval centre.

use serde_json::{Value, json};

use crate::refusal::Refusal;
use crate::state::State;
use crate::state::approvals::{Instance, Task};
use crate::state::calendar::{Event, Guest};
use crate::state::copies::Copies;
use crate::state::times::{Repeats, shown};
use crate::state::todos::Todo;

fn user(state: &State, union: &str) -> String {
    state.person_of_union(union).map_or_else(|| union.to_owned(), |person| person.user_id.clone())
}

/// The to-dos that a person sees, oldest first.
pub(super) fn todos(state: &State, person: &str) -> Result<Value, Refusal> {
    let union = state.person(person)?.union_id.clone();
    let is_seen = |todo: &&Todo| {
        let hidden = todo.fields.get("isOnlyShowExecutor") == Some(&true.into());
        let watches = todo.fields.get("participantIds").and_then(Value::as_array);
        let watches = watches.is_some_and(|people| people.iter().any(|known| *known == union.as_str()));
        todo.executors.contains(&union) || !hidden && (watches || todo.creator == union)
    };
    let mut seen: Vec<&Todo> = state.todos.values().filter(is_seen).collect();
    seen.sort_by_key(|todo| todo.created_ms);
    let one = |todo: &Todo| {
        let text = |name: &str| todo.fields.get(name).cloned().unwrap_or_default();
        let link =
            todo.fields.get("detailUrl").and_then(|urls| urls.get("pcUrl").or_else(|| urls.get("appUrl")));
        json!({
            "id": todo.id, "title": text("subject"), "description": text("description"), "due_ms": text("dueTime"),
            "done": todo.done || todo.done_by.contains(&union), "link": link,
            "assignees": todo.executors.iter().map(|union| user(state, union)).collect::<Vec<_>>(),
        })
    };
    Ok(json!({ "todos": seen.into_iter().map(one).collect::<Vec<_>>() }))
}

/// Nobody ticks off a to-do of an app: the list leads to its link instead.
pub(super) fn tick_todo(state: &State, person: &str, todo: &str) -> Result<Value, Refusal> {
    let union = &state.person(person)?.union_id;
    let known = state.todos.get(todo).filter(|todo| todo.executors.contains(union));
    known.ok_or_else(|| Refusal::control("the person has no such to-do"))?;
    Err(Refusal::control("a to-do of an app cannot be ticked off in the list, which leads to its link"))
}

/// Whether an event stands on the calendar of a person by itself; instances of a series stand there with it.
fn is_shown(state: &State, event: &Event, union: &str) -> bool {
    event.is_there() && event.response(union).is_some() && !state.is_shown_with_series(event, union)
}

/// The events on the calendar of a person, by their beginning.
pub(super) fn calendar(state: &State, person: &str) -> Result<Value, Refusal> {
    let union = state.person(person)?.union_id.clone();
    let mut seen: Vec<&Event> =
        state.events.values().filter(|event| is_shown(state, event, &union)).collect();
    seen.sort_by_key(|event| (event.start_ms, event.created_ms));
    let one = |event: &Event| {
        let text = |name: &str| event.fields.get(name).and_then(Value::as_str).unwrap_or_default();
        let place = event.fields.get("location").and_then(|location| location.get("displayName"));
        let attendee = |guest: &Guest| {
            let answer = if guest.response == "needsAction" { "none" } else { &guest.response };
            json!({ "person": user(state, &guest.union), "answer": answer })
        };
        json!({
            "id": event.id, "title": text("summary"), "description": text("description"), "start_ms": event.start_ms,
            "end_ms": event.end_ms, "location": place.and_then(Value::as_str).unwrap_or_default(),
            "recurrence": event.repeats.as_ref().map(Repeats::as_rule), "organizer": user(state, &event.owner),
            "attendees": event.guests.iter().map(attendee).collect::<Vec<_>>(),
            "instances": state.shown_instances(event, &union),
        })
    };
    Ok(json!({ "meetings": seen.into_iter().map(one).collect::<Vec<_>>() }))
}

/// A person answers an invitation.
pub(super) fn answer_meeting(
    state: &mut State,
    person: &str,
    meeting: &str,
    answer: &str,
) -> Result<Value, Refusal> {
    let union = state.person(person)?.union_id.clone();
    if !["accepted", "tentative", "declined"].contains(&answer) {
        return Err(Refusal::control("there is no such answer"));
    }
    state.respond(meeting, &union, answer).map(|()| json!({}))
}

/// A person puts something of their own on their calendar.
pub(super) fn book(
    state: &mut State,
    person: &str,
    title: &str,
    start_ms: u64,
    end_ms: u64,
) -> Result<Value, Refusal> {
    let owner = state.person(person)?.union_id.clone();
    if start_ms >= end_ms {
        return Err(Refusal::control("it ends before it begins"));
    }
    let fields =
        json!({ "summary": title, "start": shown(start_ms), "end": shown(end_ms), "isAllDay": false });
    let event = Event {
        id: String::new(),
        owner,
        fields,
        start_ms,
        end_ms,
        repeats: None,
        guests: Vec::new(),
        created_ms: 0,
        updated_ms: 0,
        instance_of: None,
        conference: None,
        is_gone: false,
    };
    Ok(json!({ "meeting": state.add_event(event)? }))
}

/// What a person sees in the approval centre, as who is asked or as who asks, oldest first.
pub(super) fn approvals(state: &State, person: &str) -> Result<Value, Refusal> {
    state.person(person)?;
    let mut seen: Vec<&Instance> = state.instances.values().collect();
    seen.sort_by_key(|instance| (instance.created_ms, instance.business_id.clone()));
    let mut lines = Vec::new();
    for instance in seen {
        let mut tasks =
            instance.tasks.iter().filter(|task| task.user == person && task.status != "NEW").peekable();
        if tasks.peek().is_none() && instance.originator == person {
            lines.push(approval(instance, None));
        }
        lines.extend(tasks.map(|task| approval(instance, Some(task))));
    }
    Ok(json!({ "approvals": lines }))
}

fn approval(instance: &Instance, task: Option<&Task>) -> Value {
    let state = match (instance.status, instance.result) {
        ("RUNNING", _) => "pending",
        ("COMPLETED", Some("agree")) => "approved",
        ("COMPLETED", _) => "rejected",
        _ => "canceled",
    };
    let task_state = task.map(|task| match (task.status, task.result) {
        ("RUNNING", _) => "pending",
        (_, Some("agree")) => "approved",
        (_, Some("refuse")) => "rejected",
        (_, Some("redirect")) => "transferred",
        _ => "closed",
    });
    let field = |value: &Value, name: &str| value.get(name).cloned().unwrap_or_default();
    let values = instance.values.as_array().into_iter().flatten();
    let lines: Vec<Value> =
        values.map(|value| json!([field(value, "name"), field(value, "value")])).collect();
    json!({
        "id": instance.id, "task": task.map(|task| task.id.to_string()), "title": instance.title, "state": state,
        "task_state": task_state, "starter": instance.originator, "lines": lines,
        "link": instance.centre.as_ref().map(|centre| task.map_or(&centre.url, |task| &task.url)),
    })
}

/// A person decides in the approval centre.
pub(super) fn decide_approval(
    state: &mut State,
    person: &str,
    task: &str,
    approve: bool,
    reason: Option<&str>,
) -> Result<Value, Refusal> {
    let number = task.parse::<u64>().map_err(|_| Refusal::control("there is no such task"))?;
    let has = |instance: &&Instance| instance.tasks.iter().any(|known| known.id == number);
    let instance = state.instances.values().find(has);
    let instance = instance.ok_or_else(|| Refusal::control("there is no such task"))?;
    if instance.centre.is_some() {
        return Err(Refusal::control("an approval of an app is decided behind its link"));
    }
    let id = instance.id.clone();
    state.decide(&id, number, person, approve, reason.unwrap_or_default())?;
    Ok(json!({ "answered": true }))
}

/// A person asks for an approval of the platform's own; the approvers decide one after the other.
pub(super) fn start_approval(
    state: &mut State,
    person: &str,
    title: String,
    approvers: Vec<String>,
    lines: &[(String, String)],
) -> Result<Value, Refusal> {
    state.person(person)?;
    for approver in &approvers {
        state.person(approver)?;
    }
    let value = |(place, (name, value)): (usize, &(String, String))| json!({ "id": format!("TextField-{place}"), "name": name, "value": value, "componentType": "TextField" });
    let values: Value = lines.iter().enumerate().map(value).collect();
    let steps = approvers.into_iter().map(|approver| (vec![approver], false)).collect();
    let approval = state.begin_approval("PROC-OWN", person, title, values, steps, Copies::default())?;
    Ok(json!({ "approval": approval }))
}
