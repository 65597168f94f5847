//! Comments below tasks. With the token of an app they are of the app.

use serde_json::{Value, json};

use super::Call;
use crate::api::envelope::page as shown_page;
use crate::api::paging::page;
use crate::api::{Answer, Outcome};
use crate::refusal::Refusal;
use crate::state::State;
use crate::state::messages::Actor;
use crate::state::office::comments::Comment;

/// The one kind of thing below which there are comments.
const OF_TASKS: &str = "task";
const PARAMETER: i64 = 1_470_400;

fn shown(state: &State, call: &Call, comment: &Comment) -> Value {
    let creator = match &comment.by {
        Actor::App(app) => json!({ "id": app, "type": "app" }),
        Actor::Person(person) => {
            let id = state.id_of(&call.app, person, call.query_or("user_id_type", "open_id"));
            json!({ "id": id, "type": "user", "name": state.name_of(person) })
        }
    };
    json!({
        "id": comment.id, "content": comment.content, "creator": creator, "resource_type": OF_TASKS,
        "resource_id": comment.task, "reply_to_comment_id": comment.reply_to.clone().unwrap_or_default(),
        "created_at": comment.create_ms.to_string(), "updated_at": comment.create_ms.to_string(),
    })
}

/// The task that a call means, if the app may see it.
fn task(state: &mut State, call: &Call, kind: &str, id: &str) -> Result<String, Refusal> {
    if !["", OF_TASKS].contains(&kind) {
        return Err(Refusal::ext(PARAMETER, "resource_type"));
    }
    Ok(state.task(&call.app, id)?.guid.clone())
}

/// `POST task/v2/comments`.
pub(crate) fn create(state: &mut State, call: &Call) -> Outcome {
    let task = task(state, call, call.text("resource_type"), call.text("resource_id"))?;
    let reply_to = Some(call.text("reply_to_comment_id").to_owned()).filter(|id| !id.is_empty());
    let by = Actor::App(call.app.clone());
    let id = state.comment(by, &task, call.text("content").to_owned(), reply_to)?;
    let comment = state.office.comments.get(&id).ok_or(Refusal::code(1_470_500))?;
    Ok(Answer::Data(json!({ "comment": shown(state, call, comment) })))
}

/// `GET task/v2/comments`: those of a task, the oldest first.
pub(crate) fn list_of_task(state: &mut State, call: &Call) -> Outcome {
    let task = task(state, call, call.query("resource_type"), call.query("resource_id"))?;
    let mut found: Vec<&Comment> =
        state.office.comments.values().filter(|comment| comment.task == task).collect();
    found.sort_by_key(|comment| comment.number);
    let items: Vec<Value> = found.into_iter().map(|comment| shown(state, call, comment)).collect();
    let (items, token) = page(call, items, 50, 100, PARAMETER)?;
    Ok(Answer::Data(shown_page(items, token)))
}

/// `DELETE task/v2/comments/*`.
pub(crate) fn delete(state: &mut State, call: &Call) -> Outcome {
    state.uncomment(&call.app, call.part(3))?;
    Ok(Answer::Data(json!({})))
}
