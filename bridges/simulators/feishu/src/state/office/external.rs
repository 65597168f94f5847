//! Approvals whose flow runs elsewhere: what an app says of them, as people see it in the approval centre.

use serde_json::{Value, json};

use crate::refusal::Refusal;
use crate::state::State;

/// A kind of approval that an app brings, and where it wants to hear what people decide.
#[derive(Clone, Debug)]
pub(crate) struct Definition {
    pub(crate) name: String,
    pub(crate) callback_url: String,
    pub(crate) callback_token: String,
    pub(crate) callback_key: String,
    pub(crate) body: Value,
}

/// One approval.
#[derive(Clone, Debug)]
pub(crate) struct Instance {
    pub(crate) app: String,
    pub(crate) approval_code: String,
    pub(crate) instance_id: String,
    pub(crate) number: u64,
    pub(crate) status: String,
    pub(crate) title: String,
    /// A person of the tenant, or else only a name.
    pub(crate) starter: Option<String>,
    pub(crate) starter_name: String,
    pub(crate) lines: Vec<(String, String)>,
    pub(crate) update_ms: u64,
    pub(crate) tasks: Vec<Task>,
    /// The ids of those that are told of it.
    pub(crate) copies: Vec<String>,
}

/// What one person is asked.
#[derive(Clone, Debug)]
pub(crate) struct Task {
    pub(crate) task_id: String,
    pub(crate) person: String,
    pub(crate) status: String,
    pub(crate) action_context: String,
    /// `APPROVE`, `REJECT` and the app's own, and whether a reason has to be given.
    pub(crate) actions: Vec<(String, bool)>,
    /// When it changed last, as the app says it, in milliseconds; 0 where it does not.
    pub(crate) update_ms: u64,
}

/// What a person is about to decide.
pub(crate) struct Deciding {
    pub(crate) definition: Definition,
    pub(crate) instance: Instance,
    pub(crate) task: Task,
}

impl State {
    /// The task of an external approval with which somebody may do this; nothing when no external approval has it.
    pub(crate) fn deciding(
        &self,
        person: &str,
        task_id: &str,
        action: &str,
        reason: Option<&str>,
    ) -> Result<Option<Deciding>, Refusal> {
        let has = |instance: &&Instance| instance.tasks.iter().any(|task| task.task_id == task_id);
        let Some(instance) = self.office.instances.values().find(has) else { return Ok(None) };
        let task = instance.tasks.iter().find(|task| task.task_id == task_id && task.person == person);
        let task = task.filter(|task| task.status == "PENDING").ok_or(Refusal::code(1_390_009))?;
        let (_, needs_reason) =
            task.actions.iter().find(|(known, _)| known == action).ok_or(Refusal::code(1_390_001))?;
        if *needs_reason && reason.is_none_or(|reason| reason.trim().is_empty()) {
            return Err(Refusal::ext(1_390_001, "a reason is needed"));
        }
        let place = (instance.app.clone(), instance.approval_code.clone());
        let definition = self.office.definitions.get(&place).ok_or(Refusal::code(1_390_002))?.clone();
        Ok(Some(Deciding { definition, instance: instance.clone(), task: task.clone() }))
    }

    /// The external approvals that a person sees: those that ask them, and their own.
    pub(crate) fn external_approvals(&self, person: &str) -> Vec<(u64, Value)> {
        let instances = self
            .office
            .instances
            .values()
            .filter(|instance| !["DELETED", "HIDDEN"].contains(&instance.status.as_str()));
        let mut shown = Vec::new();
        for instance in instances {
            let task = instance.tasks.iter().rfind(|task| task.person == person);
            if task.is_none() && instance.starter.as_deref() != Some(person) {
                continue;
            }
            let starter = instance.starter.as_deref().unwrap_or(&instance.starter_name);
            shown.push((
                instance.number,
                json!({
                    "id": instance.instance_id, "task": task.map(|task| &task.task_id), "title": instance.title,
                    "state": state_of(&instance.status),
                    "task_state": task.map(|task| task_state_of(&task.status)), "starter": starter,
                    "lines": instance.lines,
                }),
            ));
        }
        shown
    }
}

/// What people call the status of an approval.
pub(super) fn state_of(status: &str) -> &'static str {
    match status {
        "APPROVED" => "approved",
        "REJECTED" => "rejected",
        "PENDING" => "pending",
        _ => "canceled",
    }
}

/// What people call the status of a task.
pub(super) fn task_state_of(status: &str) -> &'static str {
    match status {
        "PENDING" => "pending",
        "APPROVED" => "approved",
        "REJECTED" => "rejected",
        "TRANSFERRED" => "transferred",
        _ => "closed",
    }
}
