//! How a task stands in answers, and how its parts stand in requests.

use serde_json::{Value, json};

use super::{Call, list, person, text, time};
use crate::refusal::Refusal;
use crate::state::State;
use crate::state::office::tasks::{Member, Role, Task};

/// People that one request may name.
const MEMBERS_MAX: usize = 50;
/// Assignees, and followers, of one task.
const ROLE_MAX: usize = 50;
/// The longest summary and the longest description, in characters.
pub(super) const WORDS_MAX: usize = 3_000;
const DAY_MS: u64 = 24 * 60 * 60_000;

/// A task as the API answers it.
pub(super) fn shown(state: &State, call: &Call, task: &Task) -> Value {
    let kind = call.query_or("user_id_type", "open_id");
    let id = |person: &str| state.id_of(&task.app, person, kind);
    let members: Vec<Value> = task
        .members
        .iter()
        .map(|member| {
            let role = if member.role == Role::Assignee { "assignee" } else { "follower" };
            json!({ "id": id(&member.person), "type": "user", "role": role, "name": state.name_of(&member.person) })
        })
        .collect();
    let related = task.members.iter().filter(|member| member.role == Role::Assignee).map(
        |member| json!({ "id": id(&member.person), "completed_at": member.done_ms.unwrap_or(0).to_string() }),
    );
    let mut shown = json!({
        "guid": task.guid, "task_id": format!("t{}", 100_000 + task.number), "summary": task.summary,
        "description": task.description, "creator": { "id": task.app, "type": "app", "role": "creator" },
        "members": members, "completed_at": task.completed_ms.unwrap_or(0).to_string(),
        "status": if task.completed_ms.is_some() { "done" } else { "todo" },
        "mode": if task.done_by_any { 2 } else { 1 }, "source": 6, "subtask_count": 0,
        "url": format!("https://applink.feishu.cn/client/todo/detail?guid={}", task.guid),
        "created_at": task.create_ms.to_string(), "updated_at": task.update_ms.to_string(),
        "reminders": task.reminder.iter().map(|(id, minutes)| json!({ "id": id, "relative_fire_minute": minutes })).collect::<Vec<_>>(),
    });
    if let Some((due_ms, all_day)) = task.due {
        shown["due"] = json!({ "timestamp": due_ms.to_string(), "is_all_day": all_day });
    }
    if !task.origin.is_null() {
        shown["origin"] = task.origin.clone();
    }
    if !task.extra.is_empty() {
        shown["extra"] = task.extra.clone().into();
    }
    // Who of them is done is told where all have to be.
    if !task.done_by_any {
        shown["assignee_related"] = related.collect();
    }
    shown
}

/// The people of a request. Whom nobody knows is left out.
pub(super) fn members(state: &State, call: &Call, value: &Value) -> Result<Vec<Member>, Refusal> {
    let named = list(value, "members");
    if named.len() > MEMBERS_MAX {
        return Err(Refusal::ext(1_470_400, "too many members"));
    }
    let mut members = Vec::new();
    for member in named {
        let role = match text(member, "role") {
            "assignee" => Role::Assignee,
            "follower" => Role::Follower,
            _ => return Err(Refusal::ext(1_470_400, "role")),
        };
        if !matches!(text(member, "type"), "" | "user") {
            continue;
        }
        if let Ok(person) = person(state, call, text(member, "id")) {
            members.push(Member { person, role, done_ms: None });
        }
    }
    Ok(members)
}

/// Puts people to those of a task, each once in a role.
pub(super) fn join(task: &mut Task, members: Vec<Member>) -> Result<(), Refusal> {
    let mut all = task.members.clone();
    for member in members {
        if !task.role(&member.person, member.role) {
            all.push(member);
        }
    }
    for (role, code) in [(Role::Assignee, 1_470_610), (Role::Follower, 1_470_611)] {
        if all.iter().filter(|member| member.role == role).count() > ROLE_MAX {
            return Err(Refusal::code(code));
        }
    }
    task.members = all;
    Ok(())
}

/// When it is due: whole days begin at midnight UTC, other times are whole seconds.
pub(super) fn due(value: &Value) -> Result<Option<(u64, bool)>, Refusal> {
    let Some(due) = value.get("due").filter(|due| !due.is_null()) else { return Ok(None) };
    let ms = time(due, "timestamp").ok_or(Refusal::ext(1_470_400, "due.timestamp"))?;
    let all_day = due.get("is_all_day").and_then(Value::as_bool).unwrap_or(false);
    let unit = if all_day { DAY_MS } else { 1_000 };
    Ok(Some((ms / unit * unit, all_day)))
}

/// When it was completed; `0` is not at all.
pub(super) fn completed(value: &Value) -> Result<Option<u64>, Refusal> {
    if value.get("completed_at").is_none_or(Value::is_null) {
        return Ok(None);
    }
    let at_ms = time(value, "completed_at").ok_or(Refusal::ext(1_470_400, "completed_at"))?;
    Ok(Some(at_ms).filter(|at_ms| *at_ms > 0))
}

/// Words of a task within their bounds.
pub(super) fn words(value: &Value, name: &str) -> Result<String, Refusal> {
    let words = text(value, name);
    if words.chars().count() > WORDS_MAX {
        return Err(Refusal::ext(1_470_400, name));
    }
    Ok(words.to_owned())
}
