//! What a program elsewhere is told of a task.

use cases::Case;
use people::{Chart, PersonId};
use serde_json::{Value, json};

use crate::task::{Origin, Task};

/// The form of what is told.
const VERSION: u64 = 1;

/// A task as it is, for whoever knows nothing of Matrix.
pub(super) fn told_of(case: &Case<Task>, chart: &Chart) -> Value {
    let data = &case.data;
    let somebody = |id: &PersonId| {
        let person = chart.person(id);
        let name = person.map_or(id.0.as_str(), |person| person.name.as_str());
        let account = person.and_then(|person| person.account.as_ref());
        json!({ "id": id, "name": name, "account": account })
    };
    let assignees = data.assignees.iter().map(|assignee| {
        let mut told = somebody(&assignee.person);
        told["progress"] = json!(assignee.progress);
        told["is_accepted"] = json!(assignee.is_accepted);
        told
    });
    let source = match &data.source {
        Origin::Command => Value::Null,
        Origin::Event { room, event, .. } => json!({ "room_id": room, "event_id": event }),
        Origin::Approval(no) | Origin::Meeting(no) | Origin::Repeat(no) => json!({ "no": no }),
    };
    let checklist = data.checklist.iter().map(|item| json!({ "text": item.text, "is_done": item.is_done }));
    json!({
        "v": VERSION,
        "id": case.id,
        "no": case.no,
        "rev": case.rev,
        "state": case.state,
        "title": data.title,
        "description": data.description,
        "creator": somebody(&data.creator),
        "assignees": assignees.collect::<Vec<_>>(),
        "mode": data.mode,
        "followers": data.followers.iter().map(somebody).collect::<Vec<_>>(),
        "priority": data.priority,
        "tags": data.tags,
        "start_ms": data.start_ms,
        "due_ms": data.due_ms,
        "progress": data.progress(),
        "checklist": checklist.collect::<Vec<_>>(),
        "parent": data.parent,
        "repeat": data.repeat,
        "source": source,
        "room_id": data.home,
        "created_ms": case.created_ms,
    })
}
