//! Tasks: who has to do what, and who has done it.

use serde_json::{Value, json};

use crate::refusal::Refusal;
use crate::state::State;

/// What an event says has changed about a task.
#[derive(Clone, Copy)]
pub(crate) enum Changed {
    Detail = 1,
    Collaborators = 2,
    Followers = 3,
    Reminder = 4,
    Completed = 5,
    Reopened = 6,
    Deleted = 7,
}

/// What somebody is to a task.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Role {
    Assignee,
    Follower,
}

/// Somebody who belongs to a task.
#[derive(Clone, Debug)]
pub(crate) struct Member {
    pub(crate) person: String,
    pub(crate) role: Role,
    /// When they were done, where everybody has to be.
    pub(crate) done_ms: Option<u64>,
}

/// A task that an app made.
#[derive(Clone, Debug)]
pub(crate) struct Task {
    pub(crate) guid: String,
    pub(crate) app: String,
    pub(crate) number: u64,
    pub(crate) summary: String,
    pub(crate) description: String,
    /// The time and whether it is a whole day.
    pub(crate) due: Option<(u64, bool)>,
    pub(crate) members: Vec<Member>,
    pub(crate) done_by_any: bool,
    pub(crate) completed_ms: Option<u64>,
    /// The id and the minutes before it is due.
    pub(crate) reminder: Option<(String, u64)>,
    pub(crate) origin: Value,
    pub(crate) extra: String,
    pub(crate) create_ms: u64,
    pub(crate) update_ms: u64,
}

impl Task {
    pub(crate) fn role(&self, person: &str, role: Role) -> bool {
        self.members.iter().any(|member| member.person == person && member.role == role)
    }

    /// Whether somebody sees it as done.
    fn is_done_for(&self, person: &str) -> bool {
        let own = self.members.iter().find(|member| member.person == person && member.role == Role::Assignee);
        let own_part = !self.done_by_any && own.is_some_and(|member| member.done_ms.is_some());
        self.completed_ms.is_some() || own_part
    }

    /// Completes or reopens the whole of it.
    pub(crate) fn complete(&mut self, at_ms: Option<u64>) {
        self.completed_ms = at_ms;
        if at_ms.is_none() {
            self.members.iter_mut().for_each(|member| member.done_ms = None);
        }
    }
}

impl State {
    /// A task that an app may see.
    pub(crate) fn task(&mut self, app: &str, guid: &str) -> Result<&mut Task, Refusal> {
        let task = self.office.tasks.get_mut(guid).ok_or(Refusal::code(1_470_404))?;
        if task.app == app { Ok(task) } else { Err(Refusal::code(1_470_403)) }
    }

    /// Tells the app that made it, and those that hear of all tasks.
    pub(crate) fn tell_task(&mut self, guid: &str, what: Changed) {
        let Some(task) = self.office.tasks.get_mut(guid) else { return };
        task.update_ms = self.stage.now_ms();
        let task = task.clone();
        let detail = json!({ "task_id": guid, "obj_type": what as u8 });
        self.emit(&task.app, "task.task.updated_v1", detail);
        self.tell_tenant(&task, what);
    }

    /// Tells those that hear of all tasks.
    fn tell_tenant(&mut self, task: &Task, what: Changed) {
        let (object, event) = match what {
            Changed::Collaborators => ("collaborator", "update"),
            Changed::Followers => ("follower", "update"),
            Changed::Deleted => ("task", "delete"),
            Changed::Detail | Changed::Reminder | Changed::Completed | Changed::Reopened => {
                ("task", "update")
            }
        };
        let apps: Vec<String> = self.apps.keys().cloned().collect();
        for app in apps {
            let people = task.members.iter().map(|member| self.ids(&app, &member.person));
            let people: Vec<Value> = people.collect();
            let body = json!({
                "user_id_list": { "user_id_list": people }, "task_id": task.guid, "object_type": object,
                "event_type": event,
            });
            self.emit(&app, "task.task.update_tenant_v1", body);
        }
    }

    /// A person ticks a task off, or takes that back.
    pub(crate) fn tick(&mut self, person: &str, guid: &str, done: bool) -> Result<(), Refusal> {
        let now = self.stage.now_ms();
        let task = self.office.tasks.get_mut(guid).ok_or(Refusal::code(1_470_404))?;
        if !task.role(person, Role::Assignee) {
            return Err(Refusal::code(1_470_403));
        }
        if task.is_done_for(person) == done {
            return Ok(());
        }
        let was_completed = task.completed_ms.is_some();
        for member in task.members.iter_mut().filter(|member| member.role == Role::Assignee) {
            // A task that was completed as a whole is done for everybody; one of them goes on.
            if was_completed && member.done_ms.is_none() {
                member.done_ms = task.completed_ms;
            }
            if member.person == person {
                member.done_ms = done.then_some(now);
            }
        }
        let mut assignees = task.members.iter().filter(|member| member.role == Role::Assignee);
        let whole = done && (task.done_by_any || assignees.all(|member| member.done_ms.is_some()));
        task.completed_ms = whole.then_some(now);
        let task = task.clone();
        match (was_completed, whole) {
            (false, true) => self.tell_task(guid, Changed::Completed),
            (true, false) => self.tell_task(guid, Changed::Reopened),
            // One of several: only who hears of all tasks is told.
            _ => self.tell_tenant(&task, Changed::Detail),
        }
        Ok(())
    }

    /// What a person sees among their tasks.
    pub(crate) fn todos(&self, person: &str) -> Value {
        let belongs = |task: &&Task| task.members.iter().any(|member| member.person == person);
        let mut tasks: Vec<&Task> = self.office.tasks.values().filter(belongs).collect();
        tasks.sort_by_key(|task| task.number);
        let shown = tasks.into_iter().map(|task| {
            let assignees = task.members.iter().filter(|member| member.role == Role::Assignee);
            let assignees: Vec<&str> = assignees.map(|member| member.person.as_str()).collect();
            json!({
                "id": task.guid, "title": task.summary, "description": task.description,
                "due_ms": task.due.map(|(ms, _)| ms), "done": task.is_done_for(person), "assignees": assignees,
                "link": task.origin["href"]["url"],
            })
        });
        json!({ "todos": shown.collect::<Vec<_>>() })
    }
}
