//! To-dos that apps made.

use serde_json::{Value, json};

use super::State;

/// A to-do. Its people are unionIds.
#[derive(Clone, Debug)]
pub(crate) struct Todo {
    pub(crate) id: String,
    pub(crate) app: String,
    pub(crate) source_id: String,
    pub(crate) creator: String,
    /// What the app said of it, as it was said.
    pub(crate) fields: Value,
    pub(crate) executors: Vec<String>,
    pub(crate) done_by: Vec<String>,
    pub(crate) done: bool,
    pub(crate) created_ms: u64,
    pub(crate) modified_ms: u64,
}

impl State {
    /// Tells every app of a to-do; events carry ids alone.
    pub(crate) fn tell_of_todo(&mut self, todo: &Todo, event_type: &'static str) {
        let mut people = todo.executors.clone();
        people.push(todo.creator.clone());
        let mut data = json!({ "unionIdList": people, "taskId": todo.id });
        if event_type != "todo_task_delete" {
            data["bizTag"] = todo.app.clone().into();
        }
        self.emit_to_all(event_type, &data);
    }
}
