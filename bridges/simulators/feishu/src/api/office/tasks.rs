//! Tasks of the second version. With the token of an app a task belongs to the app; people see it when they are members.

use serde_json::{Value, json};

use super::tasks_read::{completed, due, join, members, shown, words};
use super::{Call, list, text};
use crate::api::{Answer, Outcome};
use crate::limits::RECORDS_MAX;
use crate::refusal::Refusal;
use crate::state::State;
use crate::state::office::tasks::{Changed, Role, Task};

/// What a change may name.
const CHANGEABLE: [&str; 6] = ["summary", "description", "due", "extra", "completed_at", "mode"];
/// The longest `extra` in bytes.
const EXTRA_BYTES_MAX: usize = 65_536;

fn wrong(what: &str) -> Refusal {
    Refusal::ext(1_470_400, what)
}

fn answered(state: &State, call: &Call, guid: &str) -> Outcome {
    let task = state.office.tasks.get(guid).ok_or(Refusal::code(1_470_404))?;
    Ok(Answer::Data(json!({ "task": shown(state, call, task) })))
}

/// `POST task/v2/tasks`.
pub(crate) fn create(state: &mut State, call: &Call) -> Outcome {
    let token = call.text("client_token");
    if !token.is_empty() && !(10..=100).contains(&token.len()) {
        return Err(wrong("client_token"));
    }
    let place = (call.app.clone(), format!("task {token}"));
    if let Some(guid) = state.office.made.get(&place).filter(|_| !token.is_empty()).cloned() {
        return answered(state, call, &guid);
    }
    let summary = words(&call.body, "summary")?;
    if summary.is_empty() || state.office.tasks.len() >= RECORDS_MAX {
        return Err(wrong("summary is needed, or there are too many tasks"));
    }
    let extra = call.text("extra").to_owned();
    if extra.len() > EXTRA_BYTES_MAX {
        return Err(wrong("extra"));
    }
    let now = state.stage.now_ms();
    let mut task = Task {
        guid: guid(state),
        app: call.app.clone(),
        number: state.stage.number(),
        summary,
        description: words(&call.body, "description")?,
        due: due(&call.body)?,
        members: Vec::new(),
        done_by_any: mode(&call.body)?.unwrap_or(true),
        completed_ms: completed(&call.body)?,
        reminder: None,
        origin: call.body.get("origin").cloned().unwrap_or_default(),
        extra,
        create_ms: now,
        update_ms: now,
    };
    join(&mut task, members(state, call, &call.body)?)?;
    remind(state, &mut task, list(&call.body, "reminders"))?;
    let guid = task.guid.clone();
    state.office.tasks.insert(guid.clone(), task);
    if !token.is_empty() {
        state.office.made.insert(place, guid.clone());
    }
    answered(state, call, &guid)
}

/// In the form of a GUID, which is how tasks are named.
fn guid(state: &mut State) -> String {
    let digits = state.stage.chance.id("", 32);
    [0..8, 8..12, 12..16, 16..20, 20..32].map(|range| digits[range].to_owned()).join("-")
}

/// Whether one of the assignees does it for all; nothing when it is not said.
fn mode(value: &Value) -> Result<Option<bool>, Refusal> {
    match value.get("mode").map(Value::as_u64) {
        None => Ok(None),
        Some(Some(1)) => Ok(Some(false)),
        Some(Some(2)) => Ok(Some(true)),
        Some(_) => Err(wrong("mode")),
    }
}

fn remind(state: &mut State, task: &mut Task, reminders: &[Value]) -> Result<(), Refusal> {
    let Some(reminder) = reminders.first() else { return Ok(()) };
    if reminders.len() > 1 || task.reminder.is_some() {
        return Err(Refusal::code(1_470_613));
    }
    let minutes = reminder.get("relative_fire_minute").and_then(Value::as_u64);
    let minutes = minutes.filter(|_| task.due.is_some()).ok_or(wrong("reminders"))?;
    task.reminder = Some((state.stage.chance.id("", 16), minutes));
    Ok(())
}

/// `GET task/v2/tasks`: for people's tokens alone.
pub(crate) fn list_of_person(_state: &mut State, _call: &Call) -> Outcome {
    Err(Refusal::code(99_991_663))
}

/// `GET task/v2/tasks/*`.
pub(crate) fn get(state: &mut State, call: &Call) -> Outcome {
    state.task(&call.app, call.part(3))?;
    answered(state, call, call.part(3))
}

/// `PATCH task/v2/tasks/*`.
pub(crate) fn patch(state: &mut State, call: &Call) -> Outcome {
    let guid = call.part(3).to_owned();
    let new = call.body.get("task").cloned().unwrap_or_default();
    let fields: Vec<&str> = list(&call.body, "update_fields").iter().filter_map(Value::as_str).collect();
    if fields.is_empty() || fields.iter().any(|field| !CHANGEABLE.contains(field)) {
        return Err(wrong("update_fields"));
    }
    let mut task = state.task(&call.app, &guid)?.clone();
    let mut what = Changed::Detail;
    for field in fields {
        match field {
            "summary" if text(&new, "summary").is_empty() => return Err(wrong("summary")),
            "summary" => task.summary = words(&new, "summary")?,
            "description" => task.description = words(&new, "description")?,
            "due" => task.due = due(&new)?,
            "extra" => task.extra = text(&new, "extra").to_owned(),
            "mode" => task.done_by_any = mode(&new)?.unwrap_or(true),
            _ => {
                let at_ms = completed(&new)?;
                if at_ms.is_some() && task.completed_ms.is_some() {
                    return Err(wrong("the task is completed"));
                }
                what = if at_ms.is_some() { Changed::Completed } else { Changed::Reopened };
                task.complete(at_ms);
            }
        }
    }
    state.office.tasks.insert(guid.clone(), task);
    state.tell_task(&guid, what);
    answered(state, call, &guid)
}

/// `DELETE task/v2/tasks/*`.
pub(crate) fn delete(state: &mut State, call: &Call) -> Outcome {
    let guid = call.part(3).to_owned();
    state.task(&call.app, &guid)?;
    state.tell_task(&guid, Changed::Deleted);
    state.office.tasks.remove(&guid);
    state.office.comments.retain(|_, comment| comment.task != guid);
    Ok(Answer::Data(json!({})))
}

/// `POST task/v2/tasks/*/add_members`.
pub(crate) fn add_members(state: &mut State, call: &Call) -> Outcome {
    let guid = call.part(3).to_owned();
    let members = members(state, call, &call.body)?;
    let what = changed(members.iter().map(|member| member.role));
    join(state.task(&call.app, &guid)?, members)?;
    state.tell_task(&guid, what);
    answered(state, call, &guid)
}

/// `POST task/v2/tasks/*/remove_members`.
pub(crate) fn remove_members(state: &mut State, call: &Call) -> Outcome {
    let guid = call.part(3).to_owned();
    let members = members(state, call, &call.body)?;
    let what = changed(members.iter().map(|member| member.role));
    let task = state.task(&call.app, &guid)?;
    task.members.retain(|known| {
        !members.iter().any(|member| member.person == known.person && member.role == known.role)
    });
    state.tell_task(&guid, what);
    answered(state, call, &guid)
}

fn changed(mut roles: impl Iterator<Item = Role>) -> Changed {
    if roles.any(|role| role == Role::Assignee) { Changed::Collaborators } else { Changed::Followers }
}

/// `POST task/v2/tasks/*/add_reminders`.
pub(crate) fn add_reminders(state: &mut State, call: &Call) -> Outcome {
    let guid = call.part(3).to_owned();
    let mut task = state.task(&call.app, &guid)?.clone();
    remind(state, &mut task, list(&call.body, "reminders"))?;
    state.office.tasks.insert(guid.clone(), task);
    state.tell_task(&guid, Changed::Reminder);
    answered(state, call, &guid)
}

/// `POST task/v2/tasks/*/remove_reminders`.
pub(crate) fn remove_reminders(state: &mut State, call: &Call) -> Outcome {
    let guid = call.part(3).to_owned();
    let ids = list(&call.body, "reminder_ids");
    let task = state.task(&call.app, &guid)?;
    task.reminder = task.reminder.take().filter(|(id, _)| !ids.iter().any(|known| known == id));
    state.tell_task(&guid, Changed::Reminder);
    answered(state, call, &guid)
}
