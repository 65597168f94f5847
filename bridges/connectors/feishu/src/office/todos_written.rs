//! Tasks in the platform's words. Pure functions.

use std::collections::BTreeSet;

use bridge_api::{Language, PersonId, Todo, TodoState};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use super::{cut, open_id, words};
use crate::limits::{TASK_PEOPLE_MAX, TASK_WORDS_MAX};

/// A task as the platform shows it, to tell what has to be changed.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Shown {
    pub summary: String,
    pub description: String,
    pub due_ms: Option<u64>,
    pub assignees: BTreeSet<String>,
    pub followers: BTreeSet<String>,
}

/// How a task is to be shown.
pub fn shown(todo: &Todo) -> Shown {
    let assignees = people(todo.assignees.iter().map(|assignee| &assignee.person));
    let followers = people(todo.followers.iter().chain(&todo.creator));
    Shown {
        summary: cut(&todo.head.title, TASK_WORDS_MAX),
        description: cut(&description(todo), TASK_WORDS_MAX),
        // The platform keeps whole seconds.
        due_ms: todo.due_ms.map(|due_ms| due_ms / 1_000 * 1_000),
        followers: followers.difference(&assignees).cloned().collect(),
        assignees,
    }
}

fn people<'a>(people: impl Iterator<Item = &'a PersonId>) -> BTreeSet<String> {
    let known = people.filter_map(open_id).map(|id| id.as_str().to_owned());
    known.take(TASK_PEOPLE_MAX).collect()
}

/// What is to be done, and below it what the platform has no field for.
fn description(todo: &Todo) -> String {
    let language = todo.head.language;
    let mut lines: Vec<String> = Vec::new();
    lines.extend(Some(todo.description.clone()).filter(|words| !words.trim().is_empty()));
    let priority = words::priority(todo.priority);
    lines.extend(priority.map(|word| words::line(language, words::PRIORITY, word.of(language))));
    lines.push(words::line(language, words::NUMBER, &todo.head.number));
    lines.join("\n")
}

/// The request that makes a task. `token` is what a repeat is known by.
///
/// All assignees have to be done before the platform takes the task for done, also where one of them is enough for us: only then
/// does it say who of them was. The whole is completed by our bot as soon as it counts as done.
pub fn creation(todo: &Todo, shown: &Shown, token: &str) -> Value {
    let mut body = json!({
        "summary": shown.summary, "description": shown.description, "mode": 1, "client_token": token,
        "members": members(&shown.assignees, "assignee"), "extra": todo.head.key.as_str(),
    });
    if let Some(due) = due(shown) {
        body["due"] = due;
    }
    if let Some(link) = &todo.head.link {
        body["origin"] = json!({
            "platform_i18n_name": {
                "zh_cn": words::SOURCE.of(Language::Zh), "en_us": words::SOURCE.of(Language::En),
            },
            "href": { "url": link, "title": cut(&todo.head.number, TASK_WORDS_MAX) },
        });
    }
    body
}

fn due(shown: &Shown) -> Option<Value> {
    shown.due_ms.map(|due_ms| json!({ "timestamp": due_ms.to_string(), "is_all_day": false }))
}

/// People as members of a task.
pub fn members<'a>(people: impl IntoIterator<Item = &'a String>, role: &str) -> Vec<Value> {
    people.into_iter().map(|id| json!({ "id": id, "type": "user", "role": role })).collect()
}

/// What has to be changed of words and times; nothing when they are as they should be.
pub fn change(before: &Shown, wanted: &Shown) -> Option<Value> {
    let (mut task, mut fields) = (Map::new(), Vec::new());
    if before.summary != wanted.summary {
        task.insert("summary".to_owned(), json!(wanted.summary));
        fields.push("summary");
    }
    if before.description != wanted.description {
        task.insert("description".to_owned(), json!(wanted.description));
        fields.push("description");
    }
    if before.due_ms != wanted.due_ms {
        // A field that is named and absent is cleared.
        task.extend(due(wanted).map(|due| ("due".to_owned(), due)));
        fields.push("due");
    }
    (!fields.is_empty()).then(|| json!({ "task": task, "update_fields": fields }))
}

/// The request that completes a task as a whole, or opens it again. `at_ms` is when.
pub fn completion(is_done: bool, at_ms: u64) -> Value {
    let at = if is_done { at_ms.to_string() } else { "0".to_owned() };
    json!({ "task": { "completed_at": at }, "update_fields": ["completed_at"] })
}

/// Whether the platform shall take it for done.
pub fn is_done(todo: &Todo) -> bool {
    todo.state == TodoState::Done
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(summary: &str, due_ms: Option<u64>) -> Shown {
        Shown { summary: summary.to_owned(), due_ms, ..Shown::default() }
    }

    #[test]
    fn only_what_changed_is_named_and_what_is_gone_is_cleared() {
        let before = shown("a", Some(1_000));
        assert_eq!(change(&before, &before), None);
        let renamed = change(&before, &shown("b", Some(1_000)));
        assert_eq!(renamed, Some(json!({ "task": { "summary": "b" }, "update_fields": ["summary"] })));
        let free = change(&before, &shown("a", None));
        assert_eq!(free, Some(json!({ "task": {}, "update_fields": ["due"] })));
        let reopened = completion(false, 5);
        assert_eq!(reopened["task"]["completed_at"], "0");
    }
}
