//! Approvals whose flow runs in an app: the approval centre shows them, and what is done to them is done by the app.

use serde_json::Value;

use super::State;
use super::approvals::Task;
use crate::refusal::Refusal;

/// What an approval is whose flow runs in an app.
#[derive(Clone, Debug)]
pub(crate) struct Centre {
    pub(crate) app: String,
    pub(crate) url: String,
}

impl State {
    /// Shows an instance whose flow runs in an app.
    pub(crate) fn show_approval(
        &mut self,
        process: &str,
        originator: &str,
        title: &str,
        values: Value,
        centre: Centre,
    ) -> Result<String, Refusal> {
        let id = self.add_instance(process, originator, title.to_owned(), values, Vec::new())?;
        if let Some(instance) = self.instances.get_mut(&id) {
            instance.centre = Some(centre);
        }
        self.tell_of_instance(&id, "start");
        Ok(id)
    }

    /// Shows a task of such an instance.
    pub(crate) fn show_task(&mut self, id: &str, activity: &str, user: &str, url: &str) -> u64 {
        let number = 60_000_000_000 + self.stage.number();
        if let Some(instance) = self.instances.get_mut(id) {
            let task = Task::new(number, user.to_owned(), 0, false);
            let (activity, url) = (activity.to_owned(), url.to_owned());
            instance.tasks.push(Task { status: "RUNNING", activity, url, ..task });
        }
        self.tell_of_task(id, number, "start");
        number
    }

    /// Ends a task of such an instance.
    pub(crate) fn close_task(
        &mut self,
        id: &str,
        number: u64,
        status: &'static str,
        result: Option<&'static str>,
    ) {
        let tasks =
            self.instances.get_mut(id).map(|instance| instance.tasks.as_mut_slice()).unwrap_or_default();
        if let Some(task) = tasks.iter_mut().find(|task| task.id == number && task.status == "RUNNING") {
            (task.status, task.result) = (status, result);
            self.tell_of_task(id, number, if status == "CANCELED" { "cancel" } else { "finish" });
        }
    }
}
