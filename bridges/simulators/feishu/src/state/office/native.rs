//! Approvals whose flow runs on the platform. All of them are of one definition here, and each is called as its starter called it.

use serde_json::{Value, json};

use super::external::{state_of, task_state_of};
use crate::refusal::Refusal;
use crate::state::State;

/// The definition of all native approvals.
pub(crate) const NATIVE_CODE: &str = "7C468A54-8745-2245-9675-08B7C63E7A85";
const NODE: &str = "46e6d96cfa756980907209209ec03b64";

/// What events call an approval that is revoked after it was agreed to.
pub(super) const REVERTED: &str = "REVERTED";

/// One approval. All who are asked have to agree.
#[derive(Clone, Debug)]
pub(crate) struct Native {
    pub(crate) instance_code: String,
    pub(crate) number: u64,
    pub(crate) title: String,
    /// By what an app that began it knows it; empty where people did.
    pub(crate) uuid: String,
    pub(crate) starter: String,
    pub(crate) lines: Vec<(String, String)>,
    pub(crate) status: &'static str,
    pub(crate) start_ms: u64,
    pub(crate) end_ms: u64,
    /// When it was revoked after it was agreed to.
    pub(crate) reverted_ms: Option<u64>,
    pub(crate) tasks: Vec<NativeTask>,
}

/// What one person is asked.
#[derive(Clone, Debug)]
pub(crate) struct NativeTask {
    pub(crate) task_id: String,
    pub(crate) person: String,
    pub(crate) status: &'static str,
    pub(crate) end_ms: u64,
    pub(crate) comment: String,
}

impl State {
    /// Somebody asks for something; answers the code of the approval.
    pub(crate) fn start_native(
        &mut self,
        starter: &str,
        title: &str,
        approvers: Vec<String>,
        lines: Vec<(String, String)>,
        uuid: &str,
    ) -> Result<String, Refusal> {
        if approvers.is_empty() || approvers.iter().any(|person| !self.people.contains_key(person)) {
            return Err(Refusal::code(1_390_004));
        }
        let instance_code = self.stage.chance.id("", 32).to_uppercase();
        let tasks = approvers.into_iter().map(|person| NativeTask {
            task_id: format!("6{}", 100_000_000 + self.stage.number()),
            person,
            status: "PENDING",
            end_ms: 0,
            comment: String::new(),
        });
        let tasks: Vec<NativeTask> = tasks.collect();
        let native = Native {
            instance_code: instance_code.clone(),
            number: self.stage.number(),
            title: title.to_owned(),
            uuid: uuid.to_owned(),
            starter: starter.to_owned(),
            lines,
            status: "PENDING",
            start_ms: self.stage.now_ms(),
            end_ms: 0,
            reverted_ms: None,
            tasks: tasks.clone(),
        };
        self.office.natives.insert(instance_code.clone(), native);
        self.tell_native(&instance_code, "PENDING");
        self.tell_native_tasks(&instance_code, &tasks);
        Ok(instance_code)
    }

    /// Somebody who is asked decides; nothing when no native approval has the task.
    pub(crate) fn decide_native(
        &mut self,
        person: &str,
        task_id: &str,
        approve: bool,
        comment: &str,
    ) -> Option<Result<(), Refusal>> {
        let now = self.stage.now_ms();
        let has = |native: &&mut Native| native.tasks.iter().any(|task| task.task_id == task_id);
        let native = self.office.natives.values_mut().find(has)?;
        let own = native.tasks.iter_mut().find(|task| task.task_id == task_id && task.person == person);
        let Some(own) = own else { return Some(Err(Refusal::code(1_390_009))) };
        if own.status != "PENDING" {
            return Some(Err(Refusal::code(1_390_010)));
        }
        own.status = if approve { "APPROVED" } else { "REJECTED" };
        own.end_ms = now;
        comment.clone_into(&mut own.comment);
        let mut changed = vec![own.clone()];
        if !approve {
            for task in native.tasks.iter_mut().filter(|task| task.status == "PENDING") {
                task.status = "DONE";
                task.end_ms = now;
                changed.push(task.clone());
            }
        }
        if native.tasks.iter().all(|task| task.status != "PENDING") {
            native.status = if approve { "APPROVED" } else { "REJECTED" };
            native.end_ms = now;
        }
        let (code, status) = (native.instance_code.clone(), native.status);
        self.tell_native_tasks(&code, &changed);
        if status != "PENDING" {
            self.tell_native(&code, status);
        }
        Some(Ok(()))
    }

    fn subscribers(&self) -> Vec<String> {
        let subscribed = self.office.subscribed.iter().filter(|(_, code)| code == NATIVE_CODE);
        subscribed.map(|(app, _)| app.clone()).collect()
    }

    pub(super) fn tell_native(&mut self, code: &str, status: &str) {
        let now = self.stage.now_ms().to_string();
        let uuid = self.office.natives.get(code).map(|native| native.uuid.clone()).unwrap_or_default();
        for app in self.subscribers() {
            let mut body = json!({
                "approval_code": NATIVE_CODE, "instance_code": code, "status": status, "operate_time": now,
                "instance_operate_time": now, "uuid": uuid,
            });
            // A number in this one status alone.
            if status == REVERTED {
                body["operate_time"] = self.stage.now_ms().into();
            }
            self.emit_in_order(&app, "approval_instance", code, body);
        }
    }

    pub(super) fn tell_native_tasks(&mut self, code: &str, tasks: &[NativeTask]) {
        for task in tasks {
            self.tell_native_task(code, task);
        }
    }

    fn tell_native_task(&mut self, code: &str, task: &NativeTask) {
        let now = self.stage.now_ms().to_string();
        for app in self.subscribers() {
            let body = json!({
                "approval_code": NATIVE_CODE, "instance_code": code, "task_id": task.task_id,
                "open_id": self.id_of(&app, &task.person, "open_id"), "user_id": task.person,
                "status": task.status, "operate_time": now, "custom_key": "", "def_key": NODE, "extra": "",
            });
            self.emit_in_order(&app, "approval_task", code, body);
        }
    }

    /// An approval as the API answers it.
    pub(crate) fn shown_native(&self, app: &str, native: &Native) -> Value {
        let form = native.lines.iter().enumerate().map(|(place, (name, value))| {
            json!({ "id": format!("widget{place}"), "custom_id": "", "name": name, "type": "input", "ext": null, "value": value })
        });
        let form: Vec<Value> = form.collect();
        let open_id = |person: &str| self.id_of(app, person, "open_id");
        let tasks = native.tasks.iter().map(|task| {
            json!({
                "id": task.task_id, "user_id": task.person, "open_id": open_id(&task.person), "status": task.status,
                "node_id": NODE, "node_name": "审批", "custom_node_id": "", "type": "AND",
                "start_time": native.start_ms.to_string(), "end_time": task.end_ms.to_string(),
            })
        });
        let mut timeline = vec![json!({
            "type": "START", "create_time": native.start_ms.to_string(), "user_id": native.starter,
            "open_id": open_id(&native.starter), "task_id": "", "comment": "", "ext": "{}", "node_key": "",
        })];
        let decided = native.tasks.iter().filter_map(|task| {
            let what = match task.status {
                "APPROVED" => "PASS",
                "REJECTED" => "REJECT",
                "TRANSFERRED" => "TRANSFER",
                _ => return None,
            };
            Some((task, what))
        });
        timeline.extend(decided.map(|(task, what)| {
            json!({
                "type": what,
                "create_time": task.end_ms.to_string(), "user_id": task.person, "open_id": open_id(&task.person),
                "task_id": task.task_id, "comment": task.comment, "ext": "{}", "node_key": NODE,
            })
        }));
        timeline.extend(native.reverted_ms.map(|at_ms| {
            json!({
                "type": "CANCEL", "create_time": at_ms.to_string(), "user_id": native.starter,
                "open_id": open_id(&native.starter), "task_id": "", "comment": "", "ext": "{}", "node_key": "",
            })
        }));
        json!({
            "approval_name": native.title, "approval_code": NATIVE_CODE, "instance_code": native.instance_code,
            "start_time": native.start_ms.to_string(), "end_time": native.end_ms.to_string(),
            "user_id": native.starter, "open_id": open_id(&native.starter), "department_id": "",
            "serial_number": format!("2026{:08}", native.number), "status": native.status, "uuid": native.uuid,
            "form": Value::from(form).to_string(), "task_list": tasks.collect::<Vec<_>>(), "comment_list": [],
            "timeline": timeline, "reverted": native.reverted_ms.is_some(),
        })
    }

    /// The native approvals that a person sees: those that ask them, and their own.
    pub(crate) fn native_approvals(&self, person: &str) -> Vec<(u64, Value)> {
        let mut shown = Vec::new();
        for native in self.office.natives.values() {
            let task = native.tasks.iter().find(|task| task.person == person);
            if task.is_none() && native.starter != person {
                continue;
            }
            shown.push((
                native.number,
                json!({
                    "id": native.instance_code, "task": task.map(|task| &task.task_id), "title": native.title,
                    "state": state_of(if native.reverted_ms.is_some() { REVERTED } else { native.status }), "task_state": task.map(|task| task_state_of(task.status)),
                    "starter": native.starter, "lines": native.lines,
                }),
            ));
        }
        shown
    }
}
